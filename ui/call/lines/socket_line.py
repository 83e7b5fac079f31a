"""Carries a call over a WebSocket, where UDP does not pass: PCM in both directions, still pictures, and the messages.

TCP, and every proxy on the way, may hold back seconds of sound. So the page counts the frames that it has got, and no
more than MOST_UNDERWAY are sent beyond them: the session's voice waits here, where an interruption still cuts it.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol

from audio.resample import Resampler
from ui.call.lines.call_media import CallMedia
from ui.call.lines.page_side import PageSide
from ui.realtime.sound import pcm_of, samples_of
from ui.rtc.outgoing import FRAME, RATE_HZ, PacketPacer

VOICE_HZ = 24_000
HEADER = struct.Struct("<BxxxI")  # kind; a number: the position or the count of what the kind says
SOUND, PICTURE, GOT = 1, 2, 3
MOST_UNDERWAY = 40  # frames of 20 ms
MOST_UNSENT = 8  # messages; more wait in the call's own queue
LONGEST_SOUND = 2 * 16_000  # bytes: a second


class SocketClosed(Exception):
    """The page has closed the WebSocket, or the network has."""


class Socket(Protocol):
    """An open WebSocket; each method raises SocketClosed."""

    async def receive(self) -> str | bytes: ...
    async def send(self, message: str | bytes) -> None: ...


class SocketLine:
    """To be carried by the WebSocket that brings `ticket`."""

    def __init__(self, media: CallMedia, page: PageSide) -> None:
        self.ticket: str | None = secrets.token_urlsafe(16)  # None once it is used
        self.closed = asyncio.Event()
        self.connected = self.reached = False
        self._media, self._page = media, page
        self._pace, self._resampler = PacketPacer(), Resampler(RATE_HZ, VOICE_HZ)
        self._unsent: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self._waiting = 0  # messages that are not sent completely
        self._sent = self._got = 0  # frames of sound: sent, and received by the page
        self._changed, self._more_got = asyncio.Event(), asyncio.Event()

    @property
    def skipped(self) -> int:
        return self._pace.skipped

    async def answer(self) -> str:
        """The ticket."""
        assert self.ticket is not None
        return self.ticket

    async def send(self, text: str) -> bool:
        while not self.closed.is_set():
            if self.connected and self._waiting < MOST_UNSENT:
                self._unsent.put_nowait(text)
                self._waiting += 1
                return True
            self._changed.clear()
            await self._changed.wait()
        return False

    async def drained(self) -> None:
        while not self.closed.is_set() and self.connected and self._waiting:
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        self.closed.set()
        self._changed.set()

    async def run(self, socket: Socket) -> None:
        """Carries the call until either side closes the WebSocket. To be called once."""
        self.ticket, self.connected, self.reached = None, not self.closed.is_set(), True
        self._changed.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                work: list[Coroutine[Any, Any, object]] = [
                    self._receive(socket),
                    self._send(socket),
                    self._speak(socket),
                    self.closed.wait(),
                ]
                working = {tasks.create_task(_until_closed(each)) for each in work}
                await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in working:
                    task.cancel()
        finally:
            self.connected = False
            await self.close()

    async def _receive(self, socket: Socket) -> None:
        while True:
            message = await socket.receive()
            self._page.alive()
            if isinstance(message, str):
                self._page.received(message)
            else:
                self._take(message)
            await asyncio.sleep(0)  # a flood does not hold up the other calls

    def _take(self, message: bytes) -> None:
        """Sound, a picture or a count; anything else is ignored."""
        if len(message) < HEADER.size:
            return
        kind, number = HEADER.unpack_from(message)
        payload = message[HEADER.size :]
        if kind == SOUND and len(payload) <= LONGEST_SOUND and len(payload) % 2 == 0:
            self._media.microphone.sound(samples_of(payload), number)
        elif kind == PICTURE:
            self._media.stills.add(payload, self._media.now())
        elif kind == GOT:
            self._got = max(self._got, min(number, self._sent))
            self._more_got.set()

    async def _send(self, socket: Socket) -> None:
        while True:
            text = await self._unsent.get()
            await socket.send(text)
            self._waiting -= 1
            self._changed.set()

    async def _speak(self, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._sent - self._got >= MOST_UNDERWAY:
                self._more_got.clear()
                await self._more_got.wait()
            _, wait_s = self._pace.next(loop.time())
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            samples = self._resampler.push(self._page.pull(FRAME))
            await socket.send(HEADER.pack(SOUND, self._sent & 0xFFFFFFFF) + pcm_of(samples))
            self._sent += 1


async def _until_closed(work: Coroutine[Any, Any, object]) -> None:
    with suppress(SocketClosed):
        await work
