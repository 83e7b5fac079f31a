"""A call whose chat server fails goes on: the engine of this machine answers, and the user hears that it does.

Also tests `stand_in.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from dialogue.blocks import ReplyBlock, SystemBlock, TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.engines.elsewhere.remote import RemoteEngine, open_remote
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.errors import BadInput, EngineLost
from dialogue.remote.remote_answers import BROKEN_OFF, INSTEAD, NOTHING
from tests.dialogue.conftest import run_here
from tests.dialogue.remote.faulty_server import (
    DIES_AFTER_THE_FIRST_WORD,
    GARBAGE,
    GOOD,
    HANGS,
    faulty_server,
    refused,
)
from tests.dialogue.talking import clock

DOWN = refused(503, "loading", Retry_After="60")


async def ask(engine: Engine, words: str) -> tuple[str, str]:
    """The reply, confirmed as heard, and the error at its end."""
    await engine.feed(TextBlock(words, 1.0, 2.0))
    said, error = "", ""
    try:
        async for delta in engine.reply():
            assert isinstance(delta, TextDelta)
            said += delta.text
    except BadInput as lost:
        error = str(lost)
    await engine.feed(ReplyBlock(said, 2.0, 3.0))
    return said, error


@pytest.fixture
def stand_in(llm: LocalLlm) -> Callable[[], Engine]:
    return lambda: LocalChatEngine(llm, run_here, clock)


def test_the_small_model_answers_while_the_server_is_down_and_says_so_once(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(DOWN, GOOD) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in)()
            await engine.feed(SystemBlock("Be kind."))
            said, error = await ask(engine, "What is two plus three?")
            assert said == f"{INSTEAD}That is 5."
            assert "refused with status 503: loading" in error
            again = await ask(engine, "What is seven minus one?")
            assert again == ("That is 6.", ""), "without asking the server, which wants to be left alone"
            assert len(faulty.requests) == 1
            await engine.close()

    asyncio.run(story())


def test_the_stand_in_knows_what_was_said(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(GOOD, HANGS) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in, first_s=0.3)()
            assert await ask(engine, "My name is Anna.") == ("Hello there.", "")
            said, _ = await ask(engine, "What is my name?")
            assert said.startswith(INSTEAD) and "Anna" in said
            await engine.close()

    asyncio.run(story())


def test_a_server_that_is_back_is_used_again_and_a_new_outage_is_mentioned_again(
    stand_in: Callable[[], Engine],
) -> None:
    async def story() -> None:
        async with faulty_server(refused(401), GOOD, refused(401)) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in)()
            for expected in (f"{INSTEAD}That is 5.", "Hello there.", f"{INSTEAD}That is 5."):
                assert (await ask(engine, "What is two plus three?"))[0] == expected
            await engine.close()

    asyncio.run(story())


def test_a_break_in_the_middle_ends_the_reply_with_a_sentence(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(DIES_AFTER_THE_FIRST_WORD, GOOD) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in)()
            said, error = await ask(engine, "Hi")
            assert said == f"Hello{BROKEN_OFF}"
            assert "broke" in error
            assert (await ask(engine, "And now?"))[0] == "Hello there."
            await engine.close()

    asyncio.run(story())


def test_garbage_is_answered_by_the_stand_in_and_asked_again(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(*[GARBAGE] * 4, GOOD) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in)()
            for _ in range(4):
                assert "That is 5." in (await ask(engine, "What is two plus three?"))[0]
            assert (await ask(engine, "What is two plus three?"))[0] == "Hello there."
            await engine.close()

    asyncio.run(story())


def test_without_a_stand_in_the_call_goes_on_and_says_what_is_wrong() -> None:
    async def story() -> None:
        async with faulty_server(refused(401), GOOD) as faulty:
            engine = open_remote(faulty.url, "any")()
            said, error = await ask(engine, "Hi")
            assert said == NOTHING
            assert "none was given" in error
            assert (await ask(engine, "And now?"))[0] == "Hello there."
            await engine.close()

    asyncio.run(story())


def test_a_chat_request_gets_the_error_and_no_other_models_answer(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(refused(401)) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=stand_in).chat()
            with pytest.raises(EngineLost, match="refused the API key"):
                await ask(engine, "Hi")
            await engine.close()

    asyncio.run(story())


def test_sessions_of_one_server_share_what_they_know_of_it(stand_in: Callable[[], Engine]) -> None:
    async def story() -> None:
        async with faulty_server(DOWN) as faulty:
            new_session = open_remote(faulty.url, "any", stand_in=stand_in)
            for _ in range(3):
                engine = new_session()
                assert isinstance(engine, RemoteEngine)
                assert (await ask(engine, "What is two plus three?"))[0] == f"{INSTEAD}That is 5."
                await engine.close()
            assert len(faulty.requests) == 1

    asyncio.run(story())


def test_an_interrupted_stand_in_is_closed(stand_in: Callable[[], Engine]) -> None:
    opened: list[Engine] = []

    def watched() -> Engine:
        opened.append(stand_in())
        return opened[-1]

    async def story() -> None:
        async with faulty_server(DOWN) as faulty:
            engine = open_remote(faulty.url, "any", stand_in=watched)()
            await engine.feed(TextBlock("Tell me a story about a ship.", 1.0, 2.0))
            reply = engine.reply()
            assert [await anext(reply) for _ in range(2)]
            await reply.aclose()
            await engine.close()

    asyncio.run(story())
    [stood_in] = opened
    with pytest.raises(Exception, match="closed"):
        stood_in._log.events("told")  # type: ignore[attr-defined]  # a closed session's log is closed
