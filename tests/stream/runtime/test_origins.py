"""Where a reply comes from is shown before its text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from dialogue.engine import Citation, Delta, TextDelta
from stream.models.setup import SETUPS
from stream.runtime.events import ReplyText, TextTyped
from stream.runtime.origins import ReplyCited, ReplyRecalled
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

CITED = Citation("contract, page 2", "The monthly rent is 900 euros.")


def call(story: Callable[[SessionCall], Awaitable[None]], engine: ToyEngine) -> SessionCall:
    async def whole() -> SessionCall:
        parts = toy_parts(lambda: engine)
        made = SessionCall(Session("test", parts, SETUPS["laptop"]))
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole())


def test_an_answer_from_the_log_says_so_before_its_text() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("What did the sign say?"))
        await call.lasts(3.0)

    result = call(story, ToyEngine(["@12 It said exit."]))
    kinds = [type(event) for event in result.events if isinstance(event, ReplyRecalled | ReplyText)]
    assert kinds[:2] == [ReplyRecalled, ReplyText]
    assert result.of(ReplyRecalled) == [ReplyRecalled(1, 12.0)]


def test_an_answer_from_a_document_shows_its_quotation_before_its_text() -> None:
    class Citing(ToyEngine):
        async def reply(self) -> AsyncGenerator[Delta, None]:
            async for delta in ToyEngine.reply(self):
                yield replace(delta, cited=CITED) if isinstance(delta, TextDelta) else delta

    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("What is the rent?"))
        await call.lasts(3.0)

    result = call(story, Citing(["Nine hundred euros."]))
    kinds = [type(event) for event in result.events if isinstance(event, ReplyCited | ReplyText)]
    assert kinds[:2] == [ReplyCited, ReplyText]
    assert result.of(ReplyCited)[0] == ReplyCited(1, CITED.source, CITED.text)
