"""Long texts are read part by part by an engine, and reduced to one answer with its places."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from dialogue.blocks import Block, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, Mark, TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.errors import BadInput
from dialogue.library.support import is_supported
from dialogue.long_text.parts import Part
from stream.long_text.map_reduce import LongText, part_characters
from stream.long_text.reduction import NO_ANSWER, LongAnswer, Reading, Reduction
from tests.dialogue.conftest import llm, run_here, smollm2, smollm2_path
from tests.dialogue.talking import clock

__all__ = ["llm", "smollm2", "smollm2_path"]

PARTS = [
    Part(1, "page 1", "The miller counted swallows by the river."),
    Part(2, "page 2", "The silver compass was given to Edda Holm."),
    Part(3, "page 3", "The ferryman waited by the river."),
    Part(4, "page 4", "Edda Holm lives in Vardo."),
]
QUESTION = "Where does the owner of the silver compass live?"
Rule = Callable[[str], str]


class RuledEngine(Engine):
    """An engine whose answers follow a rule about the prompt. `running` counts those that work at the same time."""

    can = Capabilities(hears=False, sees=False, speaks=False)
    prompts: list[str]
    running = most_running = 0

    def __init__(self, rule: Rule) -> None:
        self._rule, self._prompt = rule, ""

    async def feed(self, block: Block) -> None:
        assert isinstance(block, TextBlock)
        self._prompt = block.text

    async def reply(self) -> AsyncGenerator[Delta, None]:
        RuledEngine.running += 1
        RuledEngine.most_running = max(RuledEngine.most_running, RuledEngine.running)
        try:
            await asyncio.sleep(0)
            yield TextDelta(self._rule(self._prompt))
        finally:
            RuledEngine.running -= 1

    async def mark(self) -> Mark:
        return Mark(0)

    async def rewind(self, mark: Mark) -> None: ...

    async def close(self) -> None: ...

    def context(self) -> ContextUse:
        return ContextUse({}, 4096)


def careful(prompt: str) -> str:
    """Reads like a careful model: it copies what is about the compass or its owner, and joins two notes."""
    text = prompt.partition("Question:")[0]
    about = " ".join(re.findall(r"[^.“”]*(?:compass|Edda)[^.“”]*\.", text)).strip()
    answer = "Vardo" if "compass" in text and "Vardo" in text else ""
    return json.dumps({"information": about, "rationale": "", "answer": answer, "confidence": 4 if answer else 0})


def asked(text: LongText, question: str = QUESTION) -> tuple[list[Reading], LongAnswer]:
    async def steps() -> list[Reading | LongAnswer]:
        return [step async for step in text.answer(question)]

    *progress, answer = asyncio.run(steps())
    assert isinstance(answer, LongAnswer)
    return [step for step in progress if isinstance(step, Reading)], answer


def test_a_chain_of_two_facts_in_two_parts_is_followed() -> None:
    progress, answer = asked(LongText(Reduction(lambda: RuledEngine(careful), 2000), PARTS))
    assert (answer.text, answer.confidence) == ("Vardo", 4)
    assert answer.places == ("page 2", "page 4")
    assert [(step.done, step.parts) for step in progress] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert progress[-1].left_s == 0


def test_many_notes_are_collapsed_until_they_fit() -> None:
    seen: list[str] = []

    def rule(prompt: str) -> str:
        seen.append(prompt)
        return careful(prompt)

    parts = [Part(number, f"page {number}", f"Note {number} about the compass.") for number in range(1, 9)]
    _, answer = asked(
        LongText(Reduction(lambda: RuledEngine(rule), 150), [*parts, Part(9, "page 9", "Edda lives in Vardo.")])
    )
    assert answer.text == "Vardo"
    assert any("Join the notes" in prompt for prompt in seen)
    assert sum("from all parts" in prompt for prompt in seen) <= 1


def test_what_no_part_says_is_not_answered() -> None:
    def inventing(prompt: str) -> str:
        return json.dumps({"information": "x", "rationale": "", "answer": "London", "confidence": 5})

    progress, answer = asked(LongText(Reduction(lambda: RuledEngine(inventing), 2000), PARTS))
    assert answer == LongAnswer(NO_ANSWER)
    assert all(step.so_far == "" for step in progress)


@pytest.mark.parametrize("together", [1, 3])
def test_no_more_requests_run_at_a_time(together: int) -> None:
    RuledEngine.most_running = 0
    asked(LongText(Reduction(lambda: RuledEngine(careful), 2000, together), PARTS))
    assert RuledEngine.most_running == together


def test_closing_stops_the_models() -> None:
    async def closed_early() -> None:
        text = LongText(Reduction(lambda: RuledEngine(careful), 2000, 2), PARTS)
        async with aclosing(text.answer(QUESTION)) as steps:
            async for _ in steps:
                break
        assert RuledEngine.running == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(closed_early())


def test_an_error_of_the_engine_ends_the_reading() -> None:
    def failing(prompt: str) -> str:
        raise BadInput("the engine refuses")

    with pytest.raises(BadInput, match="refuses"):
        asked(LongText(Reduction(lambda: RuledEngine(failing), 2000, 2), PARTS))


def test_a_summary_covers_all_parts_in_order() -> None:
    def rule(prompt: str) -> str:
        return json.dumps(
            {"summary": " ".join(re.findall(r"miller|compass|ferryman|Vardo", prompt.partition("Sum up")[0]))}
        )

    async def summed_up() -> LongAnswer:
        steps = [step async for step in LongText(Reduction(lambda: RuledEngine(rule), 120), PARTS).summary()]
        assert isinstance(steps[-1], LongAnswer)
        return steps[-1]

    assert asyncio.run(summed_up()).text == "miller compass ferryman Vardo"


def test_a_part_fits_into_the_context() -> None:
    assert part_characters(4096) > 2500
    with pytest.raises(BadInput, match="--context"):
        part_characters(1024)


def test_a_real_model_writes_records_of_real_parts(llm: LocalLlm) -> None:
    progress, answer = asked(LongText(Reduction(lambda: LocalChatEngine(llm, run_here, clock), 700), PARTS[1:3]))
    assert [step.done for step in progress] == [1, 2]
    text = " ".join(part.text for part in PARTS[1:3])
    assert answer.text == NO_ANSWER or is_supported(answer.text, text, QUESTION)
