"""An event loop on a thread of its own, for callers that have none, or one that must not wait for us."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from dialogue.errors import EngineLost

T = TypeVar("T")

_OVER = object()
CLOSED = "the assistant was closed before this was answered"


async def _step(work: AsyncIterator[T]) -> T | object:
    return await anext(work, _OVER)


async def _closed(work: AsyncIterator[T]) -> None:
    if isinstance(work, AsyncGenerator):
        await work.aclose()


class OwnLoop:
    """Starts at once; `close` ends it. Safe to use from any thread and from inside any other running loop."""

    def __init__(self, name: str) -> None:
        self._closing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begins `work` here. Cancelling the future cancels the work. Raises EngineLost after `close`, and so does
        the future of what `close` broke off."""
        if self._closing:
            work.close()
            raise EngineLost(CLOSED)
        return asyncio.run_coroutine_threadsafe(self._unless_closed(work), self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, waited for; an interrupted wait (Ctrl-C) cancels the work."""
        assert threading.current_thread() is not self._thread, "the loop would wait for itself"
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def each(self, work: AsyncIterator[T]) -> Iterator[T]:
        """What `work` gives, one by one, each step made when it is asked for. Leaving off closes it."""
        try:
            while (item := self.run(_step(work))) is not _OVER:
                yield cast(T, item)
        finally:
            if not self._closing:
                self.run(_closed(work))

    async def aeach(self, work: AsyncIterator[T]) -> AsyncIterator[T]:
        """As `each`, without making the caller's own loop wait."""
        try:
            while (item := await asyncio.wrap_future(self.submit(_step(work)))) is not _OVER:
                yield cast(T, item)
        finally:
            if not self._closing:
                await asyncio.wrap_future(self.submit(_closed(work)))

    async def finish(self, last: Coroutine[Any, Any, None]) -> None:
        """On this loop: breaks off everything else that was submitted, and then does `last`."""
        self._closing = True
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await last

    def close(self) -> None:
        """Cancels what is still at work and waits for the thread. May be called twice."""
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

    def _live(self) -> None:
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
