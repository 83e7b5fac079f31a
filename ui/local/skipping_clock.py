"""An event loop that does not wait when nothing is going on: a recording passes as fast as the machine can think.

Waiting for a timer while every thread rests is skipped and the clock moves on by as much; while a model computes,
time passes as always. So latencies come out as in real time, and only the pauses between them are cut.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):
    skipped_s = 0.0
    threads_at_work = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.threads_at_work:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.skipped_s += timeout
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """For `asyncio.Runner(loop_factory=SkippingLoop)`. Sound cards and sockets keep real time: not for them."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        self._default: ThreadPoolExecutor | None = None

    def time(self) -> float:
        return super().time() + self._skipping.skipped_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """As always, and no time is skipped before its result is here."""
        if executor is None:
            executor = self._default = self._default or ThreadPoolExecutor()
        self._skipping.threads_at_work += 1
        work = executor.submit(func, *args)
        future = asyncio.wrap_future(work, loop=self)
        # After wrap_future's own callback: the result reaches the loop before the clock may run on.
        work.add_done_callback(lambda _work: self.call_soon_threadsafe(self._rested))
        return future

    def close(self) -> None:
        if self._default is not None:
            self._default.shutdown()
        super().close()

    def _rested(self) -> None:
        self._skipping.threads_at_work -= 1
