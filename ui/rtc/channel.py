"""Sends and receives messages over the data channel of one call, with flow control.

aiortc queues without a limit and sends from tasks that are not awaited, so it gets no message before the channel is
open, while its buffer is full, or after the connection is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import RTCDataChannel

LABEL = "events"  # of the page's channel
READY_EVERY_S = 0.02
MOST_BUFFERED = 64 * 1024  # bytes


class Channel:
    """`connected` returns whether packets can still be sent; `received` is called with each message, text or bytes."""

    def __init__(
        self, connected: Callable[[], bool], received: Callable[[str | bytes], None], label: str = LABEL
    ) -> None:
        self._connected, self._received, self._label = connected, received, label
        self._channel: RTCDataChannel | None = None
        self._changed = asyncio.Event()
        self._closed = False

    def opened(self, channel: RTCDataChannel) -> bool:
        """Takes a channel that the page opened; only the first one with its label. Returns whether it was taken."""
        if self._channel is not None or channel.label != self._label:
            channel.close()
            return False
        self._channel = channel
        channel.bufferedAmountLowThreshold = 0
        channel.on("message", self._received)
        channel.on("bufferedamountlow", self._changed.set)
        channel.on("close", self.close)
        self._changed.set()
        return True

    def close(self) -> None:
        """Ends every waiting `send` and `drained`."""
        self._closed = True
        self._changed.set()

    async def send(self, text: str) -> bool:
        """Waits until the buffer has room, and sends. False if the channel is closed and the message is lost."""
        while not self._closed:
            channel = self._channel
            if channel is not None and channel.bufferedAmount < MOST_BUFFERED:
                if channel.readyState != "open" or not self._connected():
                    return False
                channel.send(text)
                return True
            self._changed.clear()
            await self._changed.wait()
        return False

    async def ready(self) -> None:
        """Waits until messages can be sent, or the channel is closed."""
        while not self._closed and (self._channel is None or not self._connected()):  # noqa: ASYNC110 - has no event
            await asyncio.sleep(READY_EVERY_S)

    async def drained(self) -> None:
        """Waits until the buffer is empty, or the channel is closed."""
        while not self._closed and self._channel is not None and self._channel.bufferedAmount:
            self._changed.clear()
            await self._changed.wait()
