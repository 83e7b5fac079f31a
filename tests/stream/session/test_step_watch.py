"""A step that does not return ends its session with a sentence, and its end does not wait for the step."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from dialogue.errors import EngineLost
from stream.models.setup import SETUPS
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice, SessionEnded
from stream.session import step_watch
from stream.session.session import Session
from stream.session.step_watch import StepWatch
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts


def test_a_step_within_the_limit_is_left_alone() -> None:
    async def story() -> None:
        with DeviceThread("llm") as thread:
            watching = asyncio.ensure_future(StepWatch([thread], limit_s=2.0).run())
            for _ in range(10):
                await thread.run(time.sleep, 0.05)
            assert not watching.done()
            watching.cancel()

    asyncio.run(story())


def test_a_step_beyond_the_limit_is_reported() -> None:
    async def story() -> None:
        go = threading.Event()
        with DeviceThread("asr") as thread:
            step = asyncio.ensure_future(thread.run(go.wait))
            with pytest.raises(EngineLost, match=r"asr has not returned within 0\.2 s"):
                await asyncio.wait_for(StepWatch([thread], limit_s=0.2).run(), 10)
            go.set()
            await step

    asyncio.run(story())


def test_a_session_whose_model_hangs_ends_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_watch.StepWatch.__init__, "__defaults__", (0.3,))
    go = threading.Event()

    async def story() -> SessionCall:
        parts = toy_parts(lambda: ToyEngine(["Yes."]))
        call = SessionCall(Session("test", parts, SETUPS["laptop"]))
        hanging = asyncio.ensure_future(parts.threads.llm.run(go.wait))
        listening = asyncio.create_task(call.listens())
        async with asyncio.timeout(10):
            await call.session.run()
            await listening
        assert parts.busy_s > 0.3
        go.set()
        await hanging
        assert parts.busy_s == 0.0
        parts.close()
        return call

    call = asyncio.run(story())
    [notice] = call.of(Notice)
    assert (notice.level, notice.code) == ("error", "engine_lost")
    assert "llm has not returned within 0.3 s" in notice.text and "start the call again" in notice.text
    assert call.of(SessionEnded) == [SessionEnded("error")]
