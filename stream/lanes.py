"""Bounded queues whose class name says what happens when they are full.

All are for one event loop: `put` and `get` are called on it, never from another thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LaneClosed(Exception):
    """The lane was closed and everything in it has been taken."""


class _Lane(Generic[T]):
    def __init__(self, room: int) -> None:
        assert room > 0, "a lane holds at least one item"
        self.room = room
        self.dropped = 0
        self._items: deque[T] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def close(self) -> None:
        """No more items; whoever waits is woken. Items already in can still be taken."""
        self._closed = True
        self._changed.set()

    async def get(self) -> T:
        """The oldest item; waits for one. Raises LaneClosed once closed and empty."""
        while not self._items:
            if self._closed:
                raise LaneClosed
            self._changed.clear()
            await self._changed.wait()
        item = self._items.popleft()
        self._changed.set()
        return item

    def _add(self, item: T) -> None:
        self._items.append(item)
        self._changed.set()


class Waiting(_Lane[T]):
    """When full, the writer waits: nothing is lost. For work that must be done."""

    async def put(self, item: T) -> None:
        """Returns once there is room; an item put after closing is dropped and counted."""
        while len(self._items) >= self.room and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        if self._closed:
            self.dropped += 1
            return
        self._add(item)


class DropOldest(_Lane[T]):
    """When full, the oldest item is lost and counted. For sound: old sound is worth least."""

    def put(self, item: T) -> None:
        if self._closed:
            self.dropped += 1
            return
        if len(self._items) >= self.room:
            self._items.popleft()
            self.dropped += 1
        self._add(item)


class LatestOnly(DropOldest[T]):
    """Holds one item; a newer one replaces it. For camera frames: stale is worse than lost."""

    def __init__(self) -> None:
        super().__init__(room=1)
