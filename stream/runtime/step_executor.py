"""An executor of one daemon thread, which reports how long its step has been running.

A ThreadPoolExecutor's thread keeps the process from ending while a step does not return; a daemon thread does not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Step = tuple[Future[Any], Callable[[], Any]]


class StepExecutor(Executor):
    """Runs steps one at a time and in order. `prepare` runs first on the thread."""

    def __init__(self, name: str, prepare: Callable[[], None] = lambda: None) -> None:
        self._name, self._prepare = name, prepare
        self._steps: SimpleQueue[_Step | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._began: float | None = None  # of the running step

    @property
    def busy_s(self) -> float:
        """Seconds for which the present step has been running; 0 between steps."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError(f"The thread {self._name} is closed.")
            self._steps.put((future, lambda: fn(*args, **kwargs)))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"{self._name}_0", daemon=True)
                self._thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more steps; `wait` for those already taken, `cancel_futures` for the running one alone."""
        self.end(None if wait else 0.0, cancel_futures=cancel_futures)

    def end(self, within_s: float | None, *, cancel_futures: bool = False) -> bool:
        """As `shutdown`, but waits for at most `within_s`. Returns whether the thread has ended."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                self._cancel_waiting()
            self._steps.put(None)
        if self._thread is not None:
            self._thread.join(within_s)
        return self._thread is None or not self._thread.is_alive()

    def _cancel_waiting(self) -> None:
        while True:
            try:
                step = self._steps.get_nowait()
            except Empty:
                return
            if step is not None:
                step[0].cancel()

    def _work(self) -> None:
        self._prepare()
        while (step := self._steps.get()) is not None:
            self._run(*step)
            del step  # its arguments may be large

    def _run(self, future: Future[T], compute: Callable[[], T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        self._began = time.monotonic()
        try:
            result = compute()
        except BaseException as error:  # the awaiting task gets every kind
            self._began = None
            future.set_exception(error)
            del future  # the error's traceback refers to this frame
        else:
            self._began = None
            future.set_result(result)
