"""A thread that owns one model. It is entered and left; steps run one at a time, in order.

A step is one token, one encoder pass, one phrase: cancelling the awaiting task drops a step that still waits
and lets one that has begun run to its end, so whatever must follow it (a rewind) simply queues behind it.
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


def _give_way(niceness: int) -> None:
    # On Linux priorities belong to threads: background seeing must not delay hearing and speaking.
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


class DeviceThread:
    """The only thread that touches its model. `niceness` > 0 lets others go first where the system allows."""

    def __init__(self, name: str, niceness: int = 0) -> None:
        self.name = name
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_give_way, initargs=(niceness,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    async def run(self, step: Callable[..., T], *args: Any) -> T:
        """Await `step(*args)` on the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, step, *args)

    def close(self) -> None:
        """Waits for the step in hand; steps not begun are cancelled."""
        self._pool.shutdown(wait=True, cancel_futures=True)
