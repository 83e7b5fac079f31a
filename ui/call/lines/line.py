"""One connection of a call: a call that is resumed gets another one, perhaps of another kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ui.call.lines.call_media import CallMedia
from ui.call.lines.page_side import PageSide
from ui.call.lines.socket_line import SocketLine
from ui.rtc.offer import Offer
from ui.rtc.outgoing import AudioTrack
from ui.rtc.webrtc import AudioPackets, PeerConnection, VideoPackets


class Line(Protocol):
    """`closed` is set when the page has left or cannot be reached."""

    closed: asyncio.Event

    @property
    def connected(self) -> bool:
        """Whether messages and sound can be sent."""

    @property
    def reached(self) -> bool:
        """Whether the page was reached at some time."""

    @property
    def skipped(self) -> int:
        """Frames of the voice by which its schedule has moved."""

    async def answer(self) -> str:
        """What the page needs to connect. Raises BadInput when that is impossible; the line is then closed."""

    async def send(self, text: str) -> bool:
        """Waits until there is room, and sends. False if the line is closed and the message is lost."""

    async def drained(self) -> None:
        """Waits until all messages are sent, or the line is closed."""

    async def close(self) -> None: ...


class RtcLine:
    """A peer connection, which answers `offer`."""

    def __init__(
        self, offer: Offer, stun: str | None, hosts: Sequence[str] | None, media: CallMedia, page: PageSide
    ) -> None:
        self._offer, self._media, self._alive = offer, media, page.alive
        self._voice = AudioTrack(page.pull)
        self.connection = PeerConnection(stun=stun, received=page.received, hosts=hosts)
        self.closed = self.connection.closed

    @property
    def connected(self) -> bool:
        return self.connection.connected

    @property
    def reached(self) -> bool:
        return self.connection.reached

    @property
    def skipped(self) -> int:
        return self._voice.pace.skipped

    async def answer(self) -> str:
        """The SDP of the answer."""
        sound = AudioPackets(self._media.microphone, self._alive)
        pictures = VideoPackets(camera=self._media.camera, now=self._media.now, alive=self._alive)
        try:
            return await self.connection.answer(self._offer, self._voice, sound, pictures)
        except BaseException:
            await self.close()
            raise

    async def send(self, text: str) -> bool:
        return await self.connection.channel.send(text)

    async def drained(self) -> None:
        await self.connection.channel.drained()

    async def close(self) -> None:
        self._voice.stop()
        await self.connection.close()


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes the lines of one call."""

    stun: str | None
    hosts: Sequence[str] | None
    media: CallMedia
    page: PageSide

    def __call__(self, offer: Offer | None) -> Line:
        """A line that answers `offer`; None: one for a WebSocket."""
        if offer is None:
            return SocketLine(self.media, self.page)
        return RtcLine(offer=offer, stun=self.stun, hosts=self.hosts, media=self.media, page=self.page)
