"""Failures inside aiortc's own tasks are a line in the log; everybody else's stay loud."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest
from aiortc.rtcsctptransport import RTCSctpTransport

from ui.rtc.stray_tasks import stray_tasks_reported


class Gone:
    """An association whose transport is closed."""

    _association_state = RTCSctpTransport.State.ESTABLISHED
    State = RTCSctpTransport.State

    @property
    def _data_channel_queue(self) -> list[int]:
        raise ConnectionError("Cannot send encrypted data, not connected")


def failures(coroutine_of: object) -> int:
    count = 0

    def stray() -> None:
        nonlocal count
        count += 1

    async def story() -> None:
        with stray_tasks_reported(stray):
            task = asyncio.ensure_future(coroutine_of())  # type: ignore[operator]
            await asyncio.wait({task})
            del task
            gc.collect()

    asyncio.run(story())
    return count


def test_theirs_are_counted_and_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert failures(lambda: RTCSctpTransport._data_channel_flush(Gone())) == 1  # type: ignore[arg-type]
    assert not caplog.records


def test_ours_are_reported_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    async def ours() -> None:
        raise RuntimeError("our own bug")

    assert failures(ours) == 0
    assert "never retrieved" in caplog.text
    assert "our own bug" in caplog.text
