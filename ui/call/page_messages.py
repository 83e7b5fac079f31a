"""Sends the messages of one call to its page, in order and each once, over one connection after another."""

from __future__ import annotations

import asyncio

from ui.call.lines.line import Line
from ui.call.sent_messages import SentMessages
from ui.realtime.message_size import within_size
from ui.realtime.outbox import Outbox
from ui.realtime.wire import Message


class PageMessages:
    """`line` is the first connection."""

    def __init__(self, line: Line) -> None:
        self._line, self._changed = line, asyncio.Event()
        self._outbox, self._sent = Outbox(), SentMessages()

    @property
    def overflowing(self) -> bool:
        """Whether the page reads no messages."""
        return self._outbox.overflowing

    @property
    def superseded(self) -> int:
        return self._outbox.superseded

    def put(self, message: Message) -> None:
        self._outbox.put(message)

    def close(self) -> None:
        """`run` ends when all messages so far are sent."""
        self._outbox.close()

    def resume(self, line: Line, received: int) -> int:
        """Goes on over `line`, whose page has got the first `received` messages. Returns the number of the first one
        that it gets."""
        self._line = line
        first = self._sent.resume(received)
        self._changed.set()
        return first

    async def run(self) -> None:
        """Sends until `close`."""
        while (message := await self._outbox.take()) is not None:
            await self._send_waiting()  # what a page that has come back has missed, before it is kept no longer
            for text in within_size(message):
                self._sent.add(text)
                await self._send_waiting()
        await self._line.drained()

    async def _send_waiting(self) -> None:
        """Sends what is not sent; after a lost connection, over the next one."""
        while (text := self._sent.next()) is not None:
            self._changed.clear()
            line = self._line
            if await line.send(text):
                if line is self._line:  # else the page says what it has got
                    self._sent.was_sent()
            elif line is self._line:
                await self._changed.wait()
