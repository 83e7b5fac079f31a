"""Queues messages to one page in order. Captions and replies are never dropped; stale state is superseded.

Pure: no channel and no clock. The owner ends the call of a page that does not read for too long.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable

from ui.realtime.wire import Message

NEWEST_ONLY = frozenset({"scene", "context", "state", "pong", "watching"})
MOST_WAITING = 4096  # messages: many minutes of conversation


class Outbox:
    """One writer, one reader, one event loop."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, Message] = OrderedDict()
        self._count = 0
        self._changed = asyncio.Event()
        self._closed = False
        self.superseded = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def overflowing(self) -> bool:
        return len(self._waiting) > MOST_WAITING

    def put(self, message: Message) -> None:
        """Adds a message; ignored after `close`."""
        if self._closed:
            return
        key = self._supersedes(message)
        if key is not None and self._waiting.pop(key, None) is not None:
            self.superseded += 1
        if key is None or message.get("final"):
            self._count += 1
            key = self._count
        self._waiting[key] = message
        self._changed.set()

    def close(self) -> None:
        """Takes no more messages; waiting ones can still be taken."""
        self._closed = True
        self._changed.set()

    async def take(self) -> Message | None:
        """Waits for the oldest message; None once closed and empty."""
        while not self._waiting:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popitem(last=False)[1]

    @staticmethod
    def _supersedes(message: Message) -> Hashable:
        """The key of the older message that this one replaces if it still waits; None if it replaces none."""
        kind: str = message["type"]
        if kind in NEWEST_ONLY:
            return kind
        if kind in ("user_caption", "reply_heard"):  # each one covers the whole turn so far
            return kind, message["turn"]
        if kind == "notice" and message["code"] == "bad_message":
            return kind, "bad_message"  # a page that floods the server is not flooded with answers
        return None
