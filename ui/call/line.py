"""One connection of a call: a call that is resumed gets another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audio.chunk import Samples
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer
from ui.rtc.outgoing import AudioTrack
from ui.rtc.webrtc import AudioPackets, PeerConnection, VideoPackets


class Line:
    """`received` takes the page's messages, `alive` is called for each packet, `pull` gives the voice's samples."""

    def __init__(
        self,
        stun: str | None,
        hosts: Sequence[str] | None,
        *,
        received: Callable[[str | bytes], None],
        alive: Callable[[], None],
        pull: Callable[[int], Samples],
    ) -> None:
        self.voice = AudioTrack(pull)
        self.connection = PeerConnection(stun, received, hosts)
        self._alive = alive

    async def answer(
        self, offer: Offer, microphone: AudioReceiver, camera: VideoReceiver, now: Callable[[], float]
    ) -> str:
        """The SDP of the answer. Raises BadInput when the offer cannot be answered; the line is then closed."""
        sound, pictures = AudioPackets(microphone, self._alive), VideoPackets(camera, now, self._alive)
        try:
            return await self.connection.answer(offer, self.voice, sound, pictures)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        self.voice.stop()
        await self.connection.close()
