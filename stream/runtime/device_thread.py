"""Runs the steps of one model on a thread of its own, one at a time and in order.

A step is one token, one encoder pass, one phrase. Cancelling the awaiting task drops a step that is still queued; a
step that has begun runs to its end, so a step that must follow it (a rewind) is queued behind it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


def _set_niceness(niceness: int) -> None:
    # On Linux priorities belong to threads: background vision must not delay ASR and TTS.
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


class DeviceThread:
    """The only thread that touches its model. `niceness` > 0 lowers its priority where the system allows it."""

    def __init__(self, name: str, niceness: int = 0) -> None:
        self.name = name
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_set_niceness, initargs=(niceness,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    async def run(self, step: Callable[..., T], *args: Any) -> T:
        """Runs `step(*args)` on the thread; returns or raises what it does."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, step, *args)

    def close(self) -> None:
        """Waits for the running step; queued steps are cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)
