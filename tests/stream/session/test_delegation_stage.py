"""Questions that are passed on to a larger model: the conversation goes on, and the answer is said when it is free.

Real HTTP on loopback, so in real time; the larger model itself runs in `test_delegation_real_server`.

Also tests `dialogue/remote/delegate.py` and `stream/replies/delegation_desk.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from dialogue.engine import Engine
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.remote.delegate import Delegate
from stream.models.setup import SETUPS
from stream.runtime.events import DelegationChanged, FrameReceived, Interrupted, Notice, ReplyEnded, TextTyped
from stream.session.delegation_stage import ALONE, ANSWER
from stream.session.session import Session
from tests.dialogue.conftest import llm, run_here, smollm2, smollm2_path
from tests.dialogue.remote.faulty_server import DONE, HANGS, FaultyServer, faulty_server, refused
from tests.dialogue.remote.hostile_server import OK, event
from tests.dialogue.talking import clock
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from vision.picture import Picture

__all__ = ["llm", "smollm2", "smollm2_path"]

ANSWERED = OK + event("The moon is about 384 thousand kilometres away.") + DONE
MOON = "Ask the big model how far the moon is."


@dataclass
class DelegatedTalk:
    """A call with a larger model behind `server`."""

    call: SessionCall
    server: FaultyServer

    async def says(self, text: str) -> str:
        """Types it and waits for the end of the reply to it."""
        ended = len(self.replies)
        self.call.session.push(TextTyped(text))
        return await self.reply(ended)

    async def reply(self, number: int) -> str:
        async with asyncio.timeout(60):
            while len(self.replies) <= number:
                await self.call.lasts(0.2)
        return self.replies[number]

    @property
    def replies(self) -> list[str]:
        return [ended.said.strip() for ended in self.call.of(ReplyEnded)]

    @property
    def asked(self) -> list[list[dict[str, Any]]]:
        """The messages of each request to the larger model."""
        return [json.loads(request.partition(b"\r\n\r\n")[2])["messages"] for request in self.server.requests]


@asynccontextmanager
async def talking(llm: LocalLlm, *script: bytes, **delegate: Any) -> AsyncIterator[DelegatedTalk]:
    async with faulty_server(*script) as server:

        def new_engine() -> Engine:
            return LocalChatEngine(llm, run_here, clock)

        parts = replace(
            toy_parts(lambda: ToyEngine([])),
            new_engine=new_engine,
            delegate=Delegate(server.url, "large", **delegate),
        )
        call = SessionCall(Session("s", parts, SETUPS["laptop"]))
        async with call.running():
            yield DelegatedTalk(call, server)
        parts.close()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_the_answer_is_said_when_it_is_here_and_the_engine_knows_it(llm: LocalLlm) -> None:
    async def story() -> None:
        async with talking(llm, ANSWERED) as talk:
            await talk.says("My name is Anna.")
            assert "look" in await talk.says(MOON)
            assert await talk.reply(2) == f"{ANSWER} The moon is about 384 thousand kilometres away."
            assert "384 thousand" in await talk.says("What did you say?")
            changes = talk.call.of(DelegationChanged)
            assert [(each.pending, each.picture) for each in changes] == [(True, False), (False, False)]
            assert changes[0].server in talk.server.url
            [sent] = talk.asked
            assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
            assert (sent[1]["content"], sent[-1]["content"]) == ("My name is Anna.", "How far the moon is.")

    run(story())


def test_the_conversation_goes_on_meanwhile(llm: LocalLlm) -> None:
    async def story() -> None:
        async with talking(llm, HANGS) as talk:
            await talk.says(MOON)
            assert await talk.says("What is two plus three?") == "That is 5."
            assert "still waiting" in await talk.says("Do you have an answer yet?")
            assert not talk.server.left.is_set()

    run(story())


@pytest.mark.parametrize("words", ["Never mind.", None])
def test_a_question_that_is_taken_back_frees_the_server(llm: LocalLlm, words: str | None) -> None:
    async def story() -> None:
        async with talking(llm, HANGS) as talk:
            await talk.says(MOON)
            if words is not None:
                assert await talk.says(words) == "All right, I'll leave it."
            else:
                talk.call.session.push(Interrupted())  # the button, while nothing is being said
            async with asyncio.timeout(10):
                await talk.server.left.wait()
            await talk.call.lasts(1.0)
            assert len(talk.replies) == 1 + (words is not None)
            assert [each.pending for each in talk.call.of(DelegationChanged)] == [True, False]

    run(story())


def test_a_changed_question_replaces_the_one_before(llm: LocalLlm) -> None:
    async def story() -> None:
        async with talking(llm, HANGS, ANSWERED) as talk:
            await talk.says("Look into the history of Leeds.")
            assert await talk.says(MOON) == "I'm looking into that instead."
            assert "384" in await talk.reply(2)
            assert talk.server.left.is_set()
            assert len(talk.server.requests) == 2

    run(story())


@pytest.mark.parametrize(
    ("fault", "why"), [(refused(401, "no"), "refused the API key"), (HANGS, "not begun to answer within")]
)
def test_a_server_that_fails_or_is_slow_is_replaced_by_an_own_answer(llm: LocalLlm, fault: bytes, why: str) -> None:
    async def story() -> None:
        async with talking(llm, fault, first_s=0.5) as talk:
            await talk.says("Ask the big model what is two plus three.")
            assert await talk.reply(1) == f"{ALONE} That is 5."
            [notice] = [each for each in talk.call.of(Notice) if each.code == "delegate_failed"]
            assert why in notice.text

    run(story())


@pytest.mark.parametrize("sees", [True, False])
def test_a_picture_goes_along_where_the_larger_model_sees(llm: LocalLlm, sees: bool) -> None:
    async def story() -> None:
        async with talking(llm, ANSWERED, sees=sees) as talk:
            rgb = np.full((48, 64, 3), 200, np.uint8)
            talk.call.session.push(FrameReceived(Picture(rgb, 0.1)))
            await talk.call.lasts(0.5)
            await talk.says("Ask the big model what this is.")
            await talk.reply(1)
            assert ("data:image/jpeg" in str(talk.asked[0])) is sees
            assert talk.call.of(DelegationChanged)[0].picture is sees

    run(story())


def test_without_a_larger_model_nothing_is_passed_on(llm: LocalLlm) -> None:
    async def story() -> None:
        async with talking(llm, ANSWERED) as talk:
            plain = replace(toy_parts(lambda: ToyEngine([])), new_engine=lambda: LocalChatEngine(llm, run_here, clock))
            alone = DelegatedTalk(SessionCall(Session("alone", plain, SETUPS["laptop"])), talk.server)
            async with alone.call.running():
                assert "looking into" not in await alone.says(MOON)
            plain.close()
            assert talk.server.requests == []

    run(story())
