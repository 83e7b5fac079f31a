"""An event loop that skips idle time, so that a recording runs faster than real time.

When no thread works, waiting for a timer is skipped and the clock advances by the same time; while a model computes,
time passes normally. Latencies are therefore those of real time; only the pauses are skipped.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Skipping(selectors.DefaultSelector):
    skipped_s = 0.0
    busy_threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.busy_threads:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.skipped_s += timeout
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """For `asyncio.Runner(loop_factory=SkippingLoop)`. Not for sound cards and sockets, which run in real time."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        self._default: ThreadPoolExecutor | None = None

    def time(self) -> float:
        return super().time() + self._skipping.skipped_s

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As in the base class; no time is skipped before the result is there."""
        if executor is None:
            executor = self._default = self._default or ThreadPoolExecutor()
        self._skipping.busy_threads += 1
        work = executor.submit(func, *args)
        future = asyncio.wrap_future(work, loop=self)
        # After wrap_future's callback: the result reaches the loop before time may be skipped.
        work.add_done_callback(lambda _work: self.call_soon_threadsafe(self._thread_done))
        return future

    def close(self) -> None:
        if self._default is not None:
            self._default.shutdown()
        super().close()

    def _thread_done(self) -> None:
        self._skipping.busy_threads -= 1
