"""Bounded queues whose class name says what happens when they are full.

Each belongs to one event loop: call `put` and `get` on it, never from another thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueClosed(Exception):
    """The queue is closed and empty."""


class Waker:
    """Wakes one reader at each change, and for the last time when it is closed."""

    def __init__(self) -> None:
        self.closed = False
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    async def woken(self) -> None:
        """Waits for the next `wake`."""
        self._changed.clear()
        await self._changed.wait()

    def close(self) -> None:
        """Ends the input and wakes the reader. Items already queued can still be taken."""
        self.closed = True
        self.wake()


class _BoundedQueue(Waker, Generic[T]):
    def __init__(self, room: int) -> None:
        assert room > 0, "A queue needs room for at least one item."
        super().__init__()
        self.room = room
        self.dropped = 0
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._items)

    async def get(self) -> T:
        """Takes the oldest item; waits for one. Raises QueueClosed once closed and empty."""
        while not self._items:
            if self.closed:
                raise QueueClosed
            await self.woken()
        item = self._items.popleft()
        self.wake()
        return item

    async def filled(self) -> None:
        """Waits until there is an item to take; for the reader, which takes none meanwhile."""
        while not self._items and not self.closed:
            await self.woken()

    def _add(self, item: T) -> None:
        self._items.append(item)
        self.wake()


class BlockingQueue(_BoundedQueue[T]):
    """When full, the writer waits and nothing is lost. For work that must be done."""

    async def put(self, item: T) -> None:
        """Returns once there is room; an item put after closing is dropped and counted."""
        while len(self._items) >= self.room and not self.closed:
            await self.woken()
        if self.closed:
            self.dropped += 1
            return
        self._add(item)


class DropOldest(_BoundedQueue[T]):
    """When full, the oldest item is lost and counted. For sound: old sound is worth least."""

    def put(self, item: T) -> None:
        if self.closed:
            self.dropped += 1
            return
        if len(self._items) >= self.room:
            self._items.popleft()
            self.dropped += 1
        self._add(item)


class LatestOnly(DropOldest[T]):
    """Holds one item; a newer one replaces it. For camera frames: a stale frame is worse than a lost one."""

    def __init__(self) -> None:
        super().__init__(room=1)
