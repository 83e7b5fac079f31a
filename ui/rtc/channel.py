"""The data channel of one call, as something to await. Knows nothing of what is sent over it.

aiortc queues without bounds and sends from tasks that nobody awaits, so nothing is handed to it before the channel
is open, while much is waiting already, or once the connection is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import RTCDataChannel

LABEL = "events"
MOST_BUFFERED = 64 * 1024  # bytes


class Channel:
    """`connected` tells whether packets can still be sent. `received` is called with each message, text or bytes."""

    def __init__(self, connected: Callable[[], bool], received: Callable[[str | bytes], None]) -> None:
        self._connected, self._received = connected, received
        self._channel: RTCDataChannel | None = None
        self._changed = asyncio.Event()
        self._closed = False

    def opened(self, channel: RTCDataChannel) -> bool:
        """The page opened a channel. True if it is ours: only the first one of our name is."""
        if self._channel is not None or channel.label != LABEL:
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
        """Whoever waits to send is let go."""
        self._closed = True
        self._changed.set()

    async def send(self, text: str) -> bool:
        """Waits until there is room. False when the channel is gone and the message with it."""
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

    async def drained(self) -> None:
        """Returns once everything was handed to the network, or the channel is gone."""
        while not self._closed and self._channel is not None and self._channel.bufferedAmount:
            self._changed.clear()
            await self._changed.wait()
