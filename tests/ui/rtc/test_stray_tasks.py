"""Failures of aiortc's background tasks are one log line; those of other tasks keep their traceback."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from typing import Any

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


def failures(coroutine_of: Callable[[], Coroutine[Any, Any, None]]) -> int:
    count = 0

    def stray() -> None:
        nonlocal count
        count += 1

    async def story() -> None:
        with stray_tasks_reported(stray):
            task = asyncio.ensure_future(coroutine_of())
            await asyncio.wait({task})
            del task
            gc.collect()

    asyncio.run(story())
    return count


def test_failures_of_the_library_are_counted_and_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert failures(lambda: RTCSctpTransport._data_channel_flush(Gone())) == 1
    assert not caplog.records


def test_other_failures_are_reported_as_usual(caplog: pytest.LogCaptureFixture) -> None:
    async def ours() -> None:
        raise RuntimeError("our own bug")

    assert failures(ours) == 0
    assert "never retrieved" in caplog.text
    assert "our own bug" in caplog.text
