"""The embedded engine remembers: what has left its context, what was only nearly said, what it cannot know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialogue.blocks import Fact, ReplyBlock, SceneBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.llm.language_model import LanguageModel
from dialogue.memory.event_log import EventLog
from dialogue.memory.sentence_embedding import SentenceEmbedder
from dialogue.prompts.chat_script import SMALLEST_CONTEXT
from tests.dialogue.talking import CountingRunner, ask, clock, run


@pytest.fixture
def log() -> EventLog:
    return EventLog()


@pytest.fixture
def engine(llm: LocalLlm, log: EventLog) -> LocalChatEngine:
    return LocalChatEngine(llm, CountingRunner(), clock, log)


async def tell(engine: LocalChatEngine, text: str, at: float, reply: str = "Okay.") -> None:
    await engine.feed(TextBlock(text, at, at + 1))
    await engine.feed(ReplyBlock(reply, at + 1, at + 2))


def test_evicted_turns_are_logged_and_recalled(smollm2: LanguageModel, log: EventLog) -> None:
    tight = LocalLlm(smollm2, SMALLEST_CONTEXT, phrase_descriptions=False)

    async def talk() -> tuple[str, int]:
        engine = LocalChatEngine(tight, CountingRunner(), clock, log)
        await tell(engine, "My sister Ruth is a nurse in Leeds.", 10)
        for number in range(12):
            await tell(engine, f"Let me tell you about day {number}. " + "It was fine. " * 12, 20 + 60 * number)
        answer = await ask(engine, "What did I tell you about my sister?", 1210)
        return answer, engine.context().dropped_blocks

    answer, dropped = run(talk())
    assert answer == "About twenty minutes ago you told me: My sister Ruth is a nurse in Leeds."
    left = log.events("left")
    assert len(left) == dropped > 3
    assert left[0].text == "You: My sister Ruth is a nurse in Leeds."


def test_an_answer_from_the_log_has_the_time_of_its_line(engine: LocalChatEngine) -> None:
    async def marks(text: str, at: float) -> list[float | None]:
        await engine.feed(TextBlock(text, at - 1, at))
        return [delta.recalled async for delta in engine.reply() if isinstance(delta, TextDelta)]

    async def talk() -> list[list[float | None]]:
        await tell(engine, "I put my keys in the blue drawer. They are safe there.", 10)
        await engine.feed(SceneBlock((Fact("object", "dog", since=20, at=25),), "", 25))
        await engine.feed(SceneBlock((Fact("text", "", text="EXIT", since=60, at=61),), "", 61))
        asked = ("Where are my keys?", "Was there a dog?", "What does the sign say?", "What did I say about my car?")
        return [await marks(text, 100) for text in (*asked, "Hello!")]

    keys, dog, sign, car, hello = run(talk())
    assert keys == [10, None]
    assert dog == [25]
    assert not any(at is not None for marked in (sign, car, hello) for at in marked)


def test_rules_alone_recall_without_the_model(engine: LocalChatEngine) -> None:
    async def talk() -> str:
        await tell(engine, "I put my keys in the blue drawer.", 10)
        return await ask(engine, "Where are my keys?", 100)

    assert "blue drawer" in run(talk())


def test_a_rewound_question_leaves_no_trace(engine: LocalChatEngine, log: EventLog) -> None:
    async def talk() -> None:
        mark = await engine.mark()
        await engine.feed(TextBlock("My dog is", 0, 1))
        async for _ in engine.reply():
            break
        await engine.rewind(mark)
        await ask(engine, "My dog is called Rex.")

    run(talk())
    assert [event.text for event in log.events("told", "asked")] == ["My dog is called Rex."]


def test_only_what_was_heard_of_a_reply_is_logged(engine: LocalChatEngine, log: EventLog) -> None:
    async def talk() -> None:
        await engine.feed(TextBlock("Hello", 0, 1))
        mark = await engine.mark()
        assert [delta async for delta in engine.reply()]
        await engine.rewind(mark)
        await engine.feed(ReplyBlock("Hello", 1, 2, cut=True))

    run(talk())
    assert [(event.kind, event.text) for event in log.events("told", "said")] == [("told", "Hello"), ("said", "Hello")]


def test_a_missing_memory_is_admitted(engine: LocalChatEngine) -> None:
    assert run(ask(engine, "What did I tell you about my brother?")) == "I don't remember you telling me that."


def test_questions_about_the_scene_are_answered_from_the_scene(engine: LocalChatEngine) -> None:
    async def talk() -> list[str]:
        await tell(engine, "I bought a new cup, and the sign is nice.", 5)
        facts = (Fact("text", "", text="EXIT", since=9, at=10), Fact("object", "cup", place="left", at=10))
        await engine.feed(SceneBlock(facts, "", 10))
        return [await ask(engine, text, 11) for text in ("Where is the cup?", "What does the sign say?")]

    cup, sign = run(talk())
    assert "on the left" in cup
    assert "“EXIT”" in sign


def test_lines_are_found_by_meaning_without_common_words(smollm2: LanguageModel, weights: Any) -> None:
    embedder = SentenceEmbedder(Path(weights.path("all-minilm-l6-v2")))
    llm = LocalLlm(smollm2, 1024, phrase_descriptions=False, embedder=embedder)

    async def talk() -> str:
        engine = LocalChatEngine(llm, CountingRunner(), clock)
        await tell(engine, "My physician wants to see me on Thursday at four.", 10)
        await tell(engine, "I like to read about old ships.", 30)
        return await ask(engine, "What did I tell you about my doctor's appointment?", 100)

    assert "Thursday at four" in run(talk())
