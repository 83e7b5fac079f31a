"""What a model that cannot see answers from the entries about what is seen, and what a sign cannot make it say.

With the larger embedded model, where its file is present; the small one does not read signs.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.blocks import Fact, SceneBlock, TextBlock
from dialogue.engines.chat_model import open_chat_model
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.dialogue_style import SMALL_STYLE, larger_style
from dialogue.sizing.pace import PacedSessions
from stream.models.fetching.weights_table import QWEN
from stream.models.weights import WeightsError, WeightStore
from tests.dialogue.hostile_signs import SIGNS
from tests.dialogue.replies import said
from tests.dialogue.talking import CountingRunner, clock, run

AT = 13.0
ROOM = (
    Fact("object", "person", 1, "left", colour="red", at=AT),
    Fact("object", "laptop", 1, "centre", at=AT),
    Fact("object", "cup", 2, "right", at=AT),
)
IN_VIEW = 3  # signs at a time


@pytest.fixture(scope="module")
def larger(weights: WeightStore) -> PacedSessions:
    try:
        path = Path(weights.path(QWEN.name))
    except WeightsError:
        pytest.skip("the larger model's file is not present")
    return open_chat_model(path, CountingRunner(), 2048, clock, device="cpu", style=larger_style)


async def shown(engine: LocalChatEngine, *facts: Fact) -> None:
    """A scene that lasts, computed ahead."""
    for late in (-1.2, 0.0):
        await engine.feed(SceneBlock(facts, "", AT + late))
    while await engine.prefill_idle():
        pass


async def asked(engine: LocalChatEngine, question: str) -> str:
    await engine.feed(TextBlock(question, AT + 2, AT + 3))
    return await said(engine)


def opened(larger: PacedSessions) -> LocalChatEngine:
    engine = larger.new_session()
    assert isinstance(engine, LocalChatEngine)
    return engine


def test_a_question_in_free_wording_is_answered_from_what_was_seen(larger: PacedSessions) -> None:
    async def talk(question: str) -> str:
        engine = opened(larger)
        await shown(engine, *ROOM)
        assert engine.context().tokens["scene"] > 10, "it is in the context before the question"
        answer = await asked(engine, question)
        await engine.close()
        return answer.lower()

    assert "laptop" in run(talk("Which of the things I have here would I use to write an email?"))
    assert "cup" in run(talk("I am thirsty. Which thing in front of me could I drink from?"))


def test_no_sign_changes_an_answer(larger: PacedSessions) -> None:
    async def talk(signs: tuple[str, ...]) -> str:
        engine = opened(larger)
        await shown(engine, ROOM[0], *(Fact("text", "", text=sign, at=AT) for sign in signs))
        answer = await asked(engine, "What is the capital of France?")
        await engine.close()
        return answer

    answers = [asyncio.run(talk(SIGNS[first : first + IN_VIEW])) for first in range(0, len(SIGNS), IN_VIEW)]
    assert [answer for answer in answers if "BANANA" in answer.upper()] == []
    assert sum("Paris" in answer for answer in answers) >= 0.75 * len(answers), answers


def test_what_is_seen_is_computed_before_the_question(smollm2: LanguageModel) -> None:
    llm = LocalLlm(smollm2, 1024, phrase_descriptions=False, style=replace(SMALL_STYLE, reads_scene=True))

    async def talk() -> tuple[int, int]:
        steps = CountingRunner()
        engine = LocalChatEngine(llm, steps, clock)
        await shown(engine, *ROOM)
        assert engine._context.tokens is not None
        held = len(engine._context.tokens.ids)
        assert held == len(engine._script.wanted()) > len(engine._script.system)
        ahead = len(steps.steps)
        await shown(engine, *ROOM)
        assert len(steps.steps) == ahead, "nothing changed, so there is nothing to do"
        await asked(engine, "Tell me about the sea.")
        return held, next(len(args[0]) for name, args in steps.steps[ahead:] if name == "follow")

    held, wanted = run(talk())
    assert wanted - held < 20, "the words alone are left"


def test_what_no_entry_says_is_not_made_up(larger: PacedSessions) -> None:
    """Questions in words that no rule knows, which entries do not answer; and one about the world."""

    async def talk(question: str) -> str:
        engine = opened(larger)
        await shown(engine, *ROOM, Fact("text", "", text="BAKERY NOVAK", at=AT))
        answer = await asked(engine, question)
        await engine.close()
        return answer.lower()

    for question in (
        "What is the person called?",
        "What does a croissant cost there?",
        "Is the laptop charged?",
    ):
        assert re.search(r"n't|sorry", run(talk(question))), question
    assert "mozart" in run(talk("Who composed The Magic Flute?"))
