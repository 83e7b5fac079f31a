"""The sound, the pictures and the messages of a dialect over WebRTC, on one peer connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from stream.runtime.events import AudioReceived, FrameReceived
from stream.session.session import Session
from ui.dialects.sideband import WireClosed
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer
from ui.rtc.outgoing import AudioTrack
from ui.rtc.webrtc import AudioPackets, PeerConnection, VideoPackets
from vision.picture import Picture

CHANNEL = "oai-events"
VOICE_HZ = 48_000
IDLE_EVERY_S = 0.1
CONNECT_S = 10.0
UNREAD = 256  # messages of a client; more are dropped, as it cannot be slowed down


class RtcMedia:
    """One peer connection. It is the wire of a dialect, and the path of its sound once the session has begun."""

    def __init__(self, stun: str | None, hosts: Sequence[str] | None) -> None:
        self._unread: asyncio.Queue[str | bytes] = asyncio.Queue(UNREAD)
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self.connection = PeerConnection(stun=stun, received=self._received, hosts=hosts, label=CHANNEL)
        self._track = AudioTrack(self._pull)
        self._microphone = AudioReceiver(self._heard, self._now)
        self._camera = VideoReceiver(saw=self._saw, too_large=lambda width, height: None, too_much=lambda: None)
        self._session: Session | None = None

    async def answer(self, offer: Offer) -> str:
        """The SDP of the answer. Raises BadInput when the offer cannot be answered; the connection is then closed."""
        sound, pictures = (
            AudioPackets(self._microphone, _nothing),
            VideoPackets(camera=self._camera, now=self._now, alive=_nothing),
        )
        try:
            return await self.connection.answer(offer, self._track, sound, pictures)
        except BaseException:
            await self.close()
            raise

    async def connected(self) -> None:
        """Waits until messages can be sent. Raises WireClosed where the client does not connect in time."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.connection.channel.ready()
        except TimeoutError:
            raise WireClosed from None

    async def receive(self) -> str | bytes:
        """The next message. Raises WireClosed once the client is gone."""
        reading = asyncio.ensure_future(self._unread.get())
        closing = asyncio.ensure_future(self.connection.closed.wait())
        try:
            await asyncio.wait({reading, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise WireClosed
            return reading.result()
        finally:
            reading.cancel()
            closing.cancel()

    async def send(self, text: str) -> None:
        if not await self.connection.channel.send(text):
            raise WireClosed

    async def close(self) -> None:
        self._track.stop()
        await self.connection.close()

    def path_of(self, session: Session) -> RtcMedia:
        """Moves the sound and the pictures of `session` from now on."""
        self._session = session
        return self

    def add(self, sound: Chunk) -> None:
        raise BadInput("Sound comes over the audio track.")

    def clear(self) -> None:
        """Sound over a track does not wait."""

    async def run(self) -> None:
        """Moves pictures, and fills the silence of a client that sends nothing, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._camera.run(), name="dialect/camera")
            while True:
                await asyncio.sleep(IDLE_EVERY_S)
                self._microphone.idle()

    def _received(self, message: str | bytes) -> None:
        if not self._unread.full():
            self._unread.put_nowait(message)

    def _now(self) -> float:
        return self._loop.time() - self._zero

    def _pull(self, n: int) -> Samples:
        return self._session.playback.pull(n) if self._session is not None else np.zeros(n, np.float32)

    def _heard(self, chunk: Chunk) -> None:
        if self._session is not None:
            self._session.push(AudioReceived(chunk))

    def _saw(self, picture: Picture) -> None:
        if self._session is not None:
            self._session.push(FrameReceived(Picture(picture.rgb, self._session.now(), source="client")))


def _nothing() -> None:
    """What a packet of a living client leads to: nothing, as ICE's own consent ends a dead connection."""
