"""What waits to be sent to one page, in order. Words are never lost; of what is stale, only the newest is kept.

Pure: knows no channel and no clock. Who reads nothing for too long is given up by whoever owns the box.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable

from ui.realtime.wire import Message

NEWEST_ONLY = frozenset({"scene", "context", "state", "pong"})
MOST_WAITING = 4096  # messages: many minutes of talk that a page did not read


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
        """Ignored once the box is closed."""
        if self._closed:
            return
        stale = self._makes_stale(message)
        if stale is not None and self._waiting.pop(stale, None) is not None:
            self.superseded += 1
        if stale is None or message.get("final"):
            self._count += 1
            stale = self._count
        self._waiting[stale] = message
        self._changed.set()

    def close(self) -> None:
        """Nothing more comes; what is in it can still be taken."""
        self._closed = True
        self._changed.set()

    async def take(self) -> Message | None:
        """The oldest message; waits for one. None once closed and empty."""
        while not self._waiting:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popitem(last=False)[1]

    @staticmethod
    def _makes_stale(message: Message) -> Hashable:
        """The place of the older message that this one replaces, if that still waits; None where nothing is stale."""
        kind = message["type"]
        if kind in NEWEST_ONLY:
            return kind
        if kind in ("user_caption", "reply_heard"):  # each tells the whole turn so far
            return kind, message["turn"]
        if kind == "notice" and message["code"] == "bad_message":
            return kind, "bad_message"  # a page that floods us with nonsense is not flooded with answers
        return None
