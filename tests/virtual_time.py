"""Runs async code on a clock that jumps: hours of timers pass in milliseconds, in the same order every time.

The product reads only `loop.time()`, so replacing that clock is enough. Work in a thread pool really runs and takes no
virtual time: the clock stops until it is done. Real sockets need the real clock and cannot be used.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PATIENCE_S = 20.0  # real seconds to wait for a thread before calling the test stuck
A_DAY_S = 24 * 3600.0


class Jump(selectors.DefaultSelector):
    """Where a loop would sleep until its next timer, moves `now` there instead."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self.now = 0.0
        self.until = until
        self.threads_at_work = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.threads_at_work:
            ready = super().select(PATIENCE_S)
            assert ready, "stuck: every task waits and no timer, thread or socket will ever wake one"
            return ready
        self.now += timeout
        assert self.now <= self.until, f"still running after {self.until:.0f} virtual seconds"
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of its Jump."""

    def __init__(self, until: float = A_DAY_S) -> None:
        self._jump = Jump(until)
        super().__init__(self._jump)
        self._default: Executor | None = None

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Runs the function while the clock stops, even if the awaiting task is cancelled meanwhile."""
        if executor is None:
            executor = self._default = self._default or ThreadPoolExecutor(1)
        self._jump.threads_at_work += 1
        work = executor.submit(func, *args)
        future = asyncio.wrap_future(work, loop=self)
        # Registered after wrap_future's own callback: the result reaches the loop before the clock may go on.
        work.add_done_callback(lambda _work: self.call_soon_threadsafe(self._finished))
        return future

    def close(self) -> None:
        if self._default is not None:
            self._default.shutdown()
        super().close()

    def _finished(self) -> None:
        self._jump.threads_at_work -= 1


def run_in_virtual_time(main: Coroutine[Any, Any, T], until: float = A_DAY_S) -> T:
    """The result of `main`. A task left behind, or running past `until` virtual seconds, fails the test."""
    loop = VirtualLoop(until)
    with closing(loop):
        try:
            result = loop.run_until_complete(main)
            left = sorted(task.get_name() for task in asyncio.all_tasks(loop))
            assert not left, f"still running after the test: {left}"
            return result
        finally:
            _sweep(loop)


def _sweep(loop: asyncio.AbstractEventLoop) -> None:
    """Ends what a failed test left, so that the failure itself stays the last thing on the screen."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def block(seconds: float) -> None:
    """Moves the clock of the running virtual loop, as code that blocks it does."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop._jump.now += seconds
