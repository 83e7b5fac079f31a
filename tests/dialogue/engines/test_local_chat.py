"""The embedded engine with its real model: rules first, incremental prefill, rewinding, stopping.

`local_chat_model.py` and `local_llm.py` are tested through it.

Also tests `dialogue/engine.py`, `dialogue/requests/recall_talk.py` and `dialogue/requests/session_requests.py`.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import Delta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.errors import BadInput
from dialogue.llm.generation_config import GenerationConfig
from tests.dialogue.replies import said as words_of
from tests.dialogue.talking import CountingRunner, ask, clock, run, sign


@pytest.fixture
def steps() -> CountingRunner:
    return CountingRunner()


@pytest.fixture
def engine(llm: LocalLlm, steps: CountingRunner) -> LocalChatEngine:
    return LocalChatEngine(llm, steps, clock)


def test_the_model_answers_free_conversation(engine: LocalChatEngine) -> None:
    assert "Paris" in run(ask(engine, "What is the capital of France?"))


@pytest.mark.parametrize("most", [1, 5])
def test_a_reply_has_at_most_the_tokens_that_were_asked_for(engine: LocalChatEngine, llm: LocalLlm, most: int) -> None:
    engine.configure(GenerationConfig(temperature=0, max_new_tokens=most))
    said = run(ask(engine, "Please tell me something nice."))
    assert 0 < len(llm.chat.encode(said)) <= most + 1, "the space before the first word may be a token"


def test_beam_search_is_refused(engine: LocalChatEngine) -> None:
    with pytest.raises(BadInput, match="beam"):
        engine.configure(GenerationConfig(num_beams=3))


def test_scene_questions_are_answered_without_the_model(engine: LocalChatEngine, steps: CountingRunner) -> None:
    async def talk() -> str:
        await engine.feed(sign("MIND THE GAP"))
        await engine.feed(TextBlock("what does the sign say", 9, 10))
        return await words_of(engine)

    assert "“MIND THE GAP”" in run(talk())
    assert steps.steps == []


def test_follow_ups_and_small_talk(engine: LocalChatEngine) -> None:
    async def talk() -> list[str]:
        await engine.feed(sign("A"))
        return [
            await ask(engine, text)
            for text in ("Is there a dog?", "and a cup?", "what did you say?", "What time is it?")
        ]

    dog, cup, again, time = run(talk())
    assert dog.startswith(("No", "I don't"))
    assert cup.startswith("Yes")
    assert cup in again
    assert "three oh five" in time


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty_text_gets_no_answer(engine: LocalChatEngine, text: str) -> None:
    assert run(ask(engine, text)) == ""


def test_a_question_is_answered_once(engine: LocalChatEngine) -> None:
    async def talk() -> list[Delta]:
        await ask(engine, "Hello")
        return [delta async for delta in engine.reply()]

    assert run(talk()) == []


@pytest.mark.parametrize(
    ("last_heard", "most"),
    [
        ("What is the name of the largest city in the country of France?", 0),
        ("What is the name of the largest city in the country of France", 0),
        ("What is the name of the largest city in the country of Franz.", 8),
        ("What is the name of the largest city in the country of", 8),
    ],
)
def test_speech_is_prefilled_while_it_is_heard(
    engine: LocalChatEngine, steps: CountingRunner, last_heard: str, most: int
) -> None:
    """At the end of the turn only the changed words are left to prefill."""
    question = "What is the name of the largest city in the country of France?"

    async def talk() -> int:
        words = question.split()
        for end in range(2, len(words), 2):
            await engine.feed(PartialBlock(" ".join(words[:end]), 0.0))
        await engine.feed(PartialBlock(last_heard, 0.0))
        assert engine._context.tokens is not None
        held, steps.steps = engine._context.tokens.ids, []
        await engine.feed(TextBlock(question, 0, 4))
        async with aclosing(engine.reply()) as deltas:
            await anext(deltas)
        wanted = next(args[0] for name, args in steps.steps if name == "follow")
        differing = (at for at, (had, wants) in enumerate(zip(held, wanted, strict=False)) if had != wants)
        return len(wanted) - next(differing, min(len(held), len(wanted)))

    assert run(talk()) <= most


def test_incremental_equals_computed_at_once(llm: LocalLlm) -> None:
    """After changing partials, rewinds and cut replies the tokens and the next words are as without them."""

    async def eventful(engine: LocalChatEngine) -> str:
        for partial in ("Where is", "What is the cap", "What's the capital of Ger"):
            await engine.feed(PartialBlock(partial, 0))
        mark = await engine.mark()
        await engine.feed(TextBlock("What is the capital of Germany?", 0, 1))
        async with aclosing(engine.reply()) as deltas:
            await anext(deltas)
        await engine.rewind(mark)
        return await ask(engine, "Who wrote Hamlet?")

    plain, rewound = (LocalChatEngine(llm, CountingRunner(), clock) for _ in range(2))
    assert run(eventful(rewound)) == run(ask(plain, "Who wrote Hamlet?"))
    assert plain._context.tokens is not None
    assert rewound._context.tokens is not None
    assert plain._context.tokens.ids == rewound._context.tokens.ids


def test_stopping_takes_at_most_a_token(engine: LocalChatEngine, steps: CountingRunner) -> None:
    async def talk() -> int:
        await engine.feed(TextBlock("Tell me a story about a king.", 0, 1))
        async with aclosing(engine.reply()) as deltas:
            async for _ in deltas:
                break
            before = len(steps.steps)
        return len(steps.steps) - before

    assert run(talk()) == 0
    assert steps.names().count("advance") <= 1


def test_a_cancelled_reply_leaves_the_engine_usable(engine: LocalChatEngine, llm: LocalLlm) -> None:
    async def talk() -> str:
        mark = await engine.mark()
        await engine.feed(TextBlock("Tell me a story about a king.", 0, 1))

        async def read() -> None:
            async for _ in engine.reply():
                pass

        task = asyncio.create_task(read())
        for _ in range(25):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await engine.rewind(mark)
        return await ask(engine, "What is the capital of France?")

    fresh = LocalChatEngine(llm, CountingRunner(), clock)
    assert run(talk()) == run(ask(fresh, "What is the capital of France?"))


def test_after_an_interruption_only_what_was_heard_remains(engine: LocalChatEngine) -> None:
    async def talk() -> str:
        await engine.feed(TextBlock("Tell me a story about a king.", 0, 1))
        mark = await engine.mark()
        said = await words_of(engine)
        await engine.rewind(mark)
        heard = " ".join(said.split()[:3])
        await engine.feed(ReplyBlock(heard, 1, 2, cut=True))
        return heard + "|" + await ask(engine, "What did you say?")

    heard, answer = run(talk()).split("|")
    assert answer == f"I said: {heard}"


def test_a_reply_kept_is_not_computed_again(engine: LocalChatEngine, steps: CountingRunner) -> None:
    async def talk() -> int:
        await engine.feed(TextBlock("What is the capital of France?", 0, 1))
        said = await words_of(engine)
        context = engine._context.tokens
        assert context is not None
        before = context.ids
        await engine.feed(ReplyBlock(said, 1, 2))
        return sum(1 for ours, theirs in zip(before, context.ids, strict=False) if ours == theirs) - len(before)

    assert run(talk()) == 0


def test_the_scene_survives_a_rewind(engine: LocalChatEngine) -> None:
    async def talk() -> str:
        mark = await engine.mark()
        await engine.feed(sign("STAY"))
        await engine.rewind(mark)
        return await ask(engine, "What does it say?")

    assert "“STAY”" in run(talk())


def test_other_languages_are_answered_by_their_tables(engine: LocalChatEngine, steps: CountingRunner) -> None:
    async def talk() -> list[str]:
        await engine.feed(sign("MIND THE GAP"))
        said = []
        for number, text in enumerate(["牌子上写着什么？", "给我讲个故事", "¿Qué dice el cartel?"]):
            await engine.feed(TextBlock(text, 9 + number, 10 + number, language="es" if number == 2 else ""))
            said.append(await words_of(engine))
            await engine.feed(ReplyBlock(said[-1], 10 + number, 10.5 + number))
        return said

    chinese, story, spanish = run(talk())
    assert "上面写着：“MIND THE GAP”" in chinese
    assert "只会说英语" in story, "this model talks English only"
    assert spanish == "Dice: “MIND THE GAP”."
