"""Runs the steps of one model on a thread of its own, one at a time and in order.

A step is one token, one encoder pass, one phrase. Cancelling the awaiting task drops a step that is still queued; a
step that has begun runs to its end, so a step that must follow it (a rewind) is queued behind it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from stream.runtime.step_executor import StepExecutor

log = logging.getLogger(__name__)

T = TypeVar("T")

CLOSE_WITHIN_S = 2.0


class DeviceThread:
    """The only thread that touches its model. `niceness` > 0 lowers its priority where the system allows it."""

    def __init__(self, name: str, niceness: int = 0) -> None:
        def set_niceness() -> None:
            # On Linux priorities belong to threads: background vision must not delay ASR and TTS.
            if niceness and sys.platform == "linux":
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)

        self.name = name
        self._executor = StepExecutor(name, set_niceness)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def busy_s(self) -> float:
        """Seconds for which the present step has been running; 0 between steps."""
        return self._executor.busy_s

    async def run(self, step: Callable[..., T], *args: Any) -> T:
        """Runs `step(*args)` on the thread; returns or raises what it does."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, step, *args)

    async def run_steps(self, work: Generator[None, None, T]) -> T:
        """Runs `work` step by step on the thread; returns its value. Others' steps may come between. A cancelled task
        ends it after the running step."""
        while True:
            over, value = await self.run(_step, work)
            if over:
                return cast(T, value)

    def close(self) -> None:
        """Waits for the running step, at most CLOSE_WITHIN_S; queued steps are cancelled."""
        close_all([self])

    def _close(self, within_s: float) -> None:
        if not self._executor.end(within_s, cancel_futures=True):
            log.warning("A step of %s has not returned; its thread is abandoned.", self.name)


def _step(work: Generator[None, None, T]) -> tuple[bool, T | None]:
    """Runs one step: whether it was the last one, and the value."""
    try:
        next(work)
    except StopIteration as over:
        return True, over.value
    return False, None


def close_all(threads: Iterable[DeviceThread]) -> None:
    """Closes threads: waits for their running steps, at most CLOSE_WITHIN_S for all of them together."""
    deadline = time.monotonic() + CLOSE_WITHIN_S
    for thread in threads:
        thread._close(max(0.0, deadline - time.monotonic()))
