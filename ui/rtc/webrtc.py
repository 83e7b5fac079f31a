"""One peer connection: the only file that knows aiortc's objects, and the private one we replace.

aiortc holds sound back for four packets, a picture until the next one begins, and after a lost packet for 320 ms.
Our own receivers stand where its jitter buffers were and take each packet as it arrives; its decoder threads then
have nothing to do. That attribute is private, so its version is pinned and its shape checked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import aioice
import aiortc
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCDtlsTransport,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from dialogue.errors import BadInput
from ui.host.address import LOOPBACK, machine_addresses
from ui.rtc.camera import VideoReceiver
from ui.rtc.channel import Channel
from ui.rtc.frames import Packet
from ui.rtc.ice_gate import guard
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer, with_names_of_this_machine
from ui.rtc.outgoing import AudioTrack

log = logging.getLogger(__name__)

OUR_AIORTC, OUR_AIOICE = "1.16.", "0.13."
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
ANSWER_WITHIN_S = 10.0  # names of hosts are looked up on the local network meanwhile
CLOSE_WITHIN_S = 2.0

if not (aiortc.__version__.startswith(OUR_AIORTC) and aioice.__version__.startswith(OUR_AIOICE)):
    raise ImportError(
        f"aiortc {aiortc.__version__} and aioice {aioice.__version__} are installed, and calls need private parts of "
        f"aiortc {OUR_AIORTC}x and aioice {OUR_AIOICE}x: install those, as constraints.txt says"
    )

Taken = tuple[bool, None]  # what a jitter buffer answers: (ask for a key frame?, a frame for aiortc's decoder)


class SoundPackets:
    """Stands in a receiver for its jitter buffer."""

    def __init__(self, microphone: AudioReceiver, alive: Callable[[], None]) -> None:
        self._microphone, self._alive = microphone, alive

    def add(self, packet: RtpPacket) -> Taken:
        self._alive()
        self._microphone.packet(packet.sequence_number, packet.timestamp, packet.payload)
        return False, None


class PicturePackets:
    """Stands in a receiver for its jitter buffer."""

    def __init__(self, camera: VideoReceiver, now: Callable[[], float], alive: Callable[[], None]) -> None:
        self._camera, self._now, self._alive = camera, now, alive

    def add(self, packet: RtpPacket) -> Taken:
        self._alive()
        ours = Packet(packet.sequence_number, bool(packet.marker), packet.payload, packet._data)
        return self._camera.packet(ours, self._now()), None


def take_packets(receiver: RTCRtpReceiver, taker: SoundPackets | PicturePackets) -> None:
    """From now on `taker` gets the packets of `receiver`."""
    if not isinstance(getattr(receiver, JITTER_BUFFER, None), JitterBuffer):
        raise RuntimeError(f"aiortc {aiortc.__version__} keeps its jitter buffer elsewhere than {OUR_AIORTC}x did")
    setattr(receiver, JITTER_BUFFER, taker)


class PeerConnection:
    """Made for one offer. `gone` is set once the far end has left, or could not be reached.

    `stun` is HOST:PORT; `hosts` are the addresses of this machine to be reached at, or None for all it has.
    """

    def __init__(
        self, stun: str | None, received: Callable[[str | bytes], None], hosts: Sequence[str] | None = None
    ) -> None:
        # No servers unless asked for: the default would tell a stranger our address, and wait 5 s without a network.
        # From a loopback address none can be asked.
        asked = stun if hosts != LOOPBACK else None
        servers = [RTCIceServer(f"stun:{asked.removeprefix('stun:')}")] if asked else []
        self._hosts = hosts
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self.channel = Channel(lambda: self.connected, received)
        self.gone = asyncio.Event()
        self._connection.on("datachannel", self._channel_opened)
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def connected(self) -> bool:
        return str(self._connection.connectionState) == "connected"

    async def answer(self, offer: Offer, voice: AudioTrack, sound: SoundPackets, pictures: PicturePackets) -> str:
        """The SDP of our answer. Raises BadInput when the offer cannot be answered."""
        connection = self._connection
        sdp, hosts, sources = offer.sdp, self._hosts, None
        if self._hosts == LOOPBACK:
            mine = machine_addresses()
            sdp, sources = with_names_of_this_machine(sdp, mine), frozenset((*LOOPBACK, *mine))
            hosts = (*LOOPBACK, *mine) if offer.firefox else LOOPBACK
        transceiver = connection.addTransceiver(voice, "sendrecv")
        _prefer(transceiver, "audio", "opus")
        take_packets(transceiver.receiver, sound)
        if offer.video:
            transceiver = connection.addTransceiver("video", "recvonly")
            _prefer(transceiver, "video", "vp8", "rtx")
            take_packets(transceiver.receiver, pictures)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
                for transport in self._transports():
                    guard(transport, hosts, sources)
                await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # aiortc raises whatever the offer happens to break
            log.info("an offer could not be answered: %r", error)
            raise BadInput("this offer cannot be answered: Opus sound and VP8 pictures are what we speak") from error
        return str(connection.localDescription.sdp)

    def _transports(self) -> set[RTCDtlsTransport]:
        """One where the offer bundles its media, as browsers do."""
        transports = {transceiver.receiver.transport for transceiver in self._connection.getTransceivers()}
        sctp = self._connection.sctp
        return transports if sctp is None else transports | {sctp.transport}

    async def close(self) -> None:
        """Ends it whatever state it is in; gives up waiting for aiortc after CLOSE_WITHIN_S."""
        self.channel.close()
        self.gone.set()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._connection.close()
        except Exception as error:  # a connection that an offer left half built cannot be closed whole
            log.info("a connection was not closed in order: %r", error)

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if self.channel.opened(channel):
            channel.on("close", self._lose)  # nothing more can be said; the page calls again once we have hung up

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._lose()

    def _lose(self) -> None:
        self.channel.close()
        self.gone.set()


def _prefer(transceiver: aiortc.RTCRtpTransceiver, kind: str, *names: str) -> None:
    """Answer with these codecs only: ours are the only decoders that see the packets."""
    codecs = aiortc.RTCRtpReceiver.getCapabilities(kind).codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.split("/")[1].lower() in names])
