"""Calls whose event log is kept in a file: the next one knows what was said in this one."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dialogue.engine import Engine
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.memory.kept_memory import KeptMemory
from stream.models.setup import SETUPS
from stream.runtime.events import Notice, ReplyEnded, TextTyped
from stream.runtime.link import Link
from stream.session.remembering import WRITE_EVERY_S, Remembering
from stream.session.session import Session
from tests.dialogue.conftest import llm, run_here, smollm2, smollm2_path
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

__all__ = ["llm", "smollm2", "smollm2_path"]


def replies(remember: Path | None, engine: Callable[[], Engine], *questions: str) -> list[str]:
    """One call in which these are typed."""

    async def story() -> list[str]:
        parts = toy_parts(engine)
        call = SessionCall(Session("s", parts, replace(SETUPS["laptop"], remember=remember)))
        async with call.running():
            for question in questions:
                ended = len(call.of(ReplyEnded))
                call.session.push(TextTyped(question))
                while len(call.of(ReplyEnded)) == ended:
                    await call.lasts(0.5)
        parts.close()
        return [ended.said for ended in call.of(ReplyEnded)]

    return run_in_virtual_time(story(), until=300)


def test_the_next_call_knows_and_forgets(llm: LocalLlm, tmp_path: Path) -> None:
    def new_engine() -> Engine:
        return LocalChatEngine(llm, run_here, datetime.now)

    path, asked = tmp_path / "memory.sqlite", "What did I tell you about my garage?"
    replies(path, new_engine, "The code of my garage is 4711.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [path.name], "written to the file at the end of the call"
    [recalled] = replies(path, new_engine, asked)
    assert "you told me: The code of my garage is 4711." in recalled
    assert recalled.startswith(("Today at ", "Yesterday at "))
    assert replies(path, new_engine, "Forget everything about my garage.", "Yes.", asked) == [
        "I remember four things about that. Forget them all?",
        "Done, that is forgotten.",
        "I don't remember you telling me that.",
    ]
    assert KeptMemory(path).count("4711") == 0


def test_without_a_file_the_next_call_knows_nothing(llm: LocalLlm) -> None:
    def new_engine() -> Engine:
        return LocalChatEngine(llm, run_here, datetime.now)

    replies(None, new_engine, "The code of my garage is 4711.")
    asked = "What did I tell you about my garage?"
    assert replies(None, new_engine, asked) == ["I don't remember you telling me that."]


def test_an_engine_without_a_log_goes_on_without_memory(tmp_path: Path) -> None:
    assert replies(tmp_path / "memory.sqlite", lambda: ToyEngine(["Hello."]), "Hi") == ["Hello. "]
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_reported_once(tmp_path: Path) -> None:
    notices: list[Notice] = []

    async def story() -> None:
        remembering = Remembering(tmp_path / "memory.sqlite", Link(lambda: 0.0, notices.append))  # type: ignore[arg-type]  # notices
        remembering.log.fault = "database or disk is full"
        running = asyncio.create_task(remembering.run())
        await asyncio.sleep(3 * WRITE_EVERY_S)
        running.cancel()
        remembering.log.close()
        await remembering.close()

    run_in_virtual_time(story(), until=4 * WRITE_EVERY_S)
    assert [(notice.code, "disk is full" in notice.text) for notice in notices] == [("memory_lost", True)]


@pytest.mark.parametrize("calls", [3])
def test_calls_at_the_same_time_share_the_file(tmp_path: Path, calls: int) -> None:
    path = tmp_path / "memory.sqlite"

    async def story() -> None:
        open_now = [Remembering(path, Link(lambda: 5.0, lambda _: None)) for _ in range(calls)]
        for number, each in enumerate(open_now):
            each.log.add("told", f"I am caller {number}.", 5.0)
            await asyncio.to_thread(KeptMemory(path).checkpoint)
        for each in open_now:
            assert len(each.log.with_word(["caller"], "told")) == calls
            each.log.close()
            await each.close()

    asyncio.run(story())
    assert KeptMemory(path).count() == calls
