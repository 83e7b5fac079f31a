"""An event loop on its own thread, for callers without a loop or with one that must not block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from dialogue.errors import EngineLost

T = TypeVar("T")

_END = object()
CLOSED = "The assistant was closed before this was answered."


async def _step(work: AsyncIterator[T]) -> T | object:
    return await anext(work, _END)


async def _closed(work: AsyncIterator[T]) -> None:
    if isinstance(work, AsyncGenerator):
        await work.aclose()


class BackgroundLoop:
    """Starts when it is made; `close` ends it. May be used from any thread and from inside another running loop."""

    def __init__(self, name: str) -> None:
        self._closing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_thread, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts `work` on this loop. Cancelling the future cancels the work.

        Raises EngineLost after `close`; the future of work that `close` cancelled raises it too.
        """
        if self._closing:
            work.close()
            raise EngineLost(CLOSED)
        return asyncio.run_coroutine_threadsafe(self._unless_closed(work), self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Blocks until `work` ends and returns its result; interrupting the wait (Ctrl-C) cancels the work."""
        assert threading.current_thread() is not self._thread, "run() on the loop's own thread would deadlock"
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def arun(self, work: Coroutine[Any, Any, T]) -> T:
        """As `run`, without blocking the caller's own loop; cancelling it cancels the work."""
        return await asyncio.wrap_future(self.submit(work))

    def each(self, work: AsyncIterator[T]) -> Generator[T, None, None]:
        """Yields the items of `work`, each computed when it is asked for. Closing the iterator closes `work`."""
        try:
            while (item := self.run(_step(work))) is not _END:
                yield cast(T, item)
        finally:
            if not self._closing:
                self.run(_closed(work))

    async def aeach(self, work: AsyncIterator[T]) -> AsyncIterator[T]:
        """As `each`, without blocking the caller's own loop."""
        try:
            while (item := await self.arun(_step(work))) is not _END:
                yield cast(T, item)
        finally:
            if not self._closing:
                await self.arun(_closed(work))

    async def finish(self, last: Coroutine[Any, Any, None]) -> None:
        """To be run on this loop: cancels everything else that was submitted, then awaits `last`."""
        self._closing = True
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await last

    def close(self) -> None:
        """Cancels what is still running and waits for the thread to end. May be called twice."""
        self._closing = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    async def _unless_closed(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        except asyncio.CancelledError:
            if self._closing:
                raise EngineLost(CLOSED) from None
            raise

    def _run_thread(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
