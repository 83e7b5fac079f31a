"""Holds one peer connection of aiortc, and replaces its jitter buffers.

aiortc delays sound by four packets, a picture until the next one begins, and both for 320 ms after a lost packet. The
receivers of this project replace its jitter buffers and take each packet when it arrives; its decoder threads are then
idle. The replaced attribute is private, so the version is pinned and its type checked.
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
from ui.rtc.channel import LABEL, Channel
from ui.rtc.frames import Packet
from ui.rtc.ice_gate import guard
from ui.rtc.ice_path import IcePath
from ui.rtc.message_limits import limit_messages
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import CandidateLines, Offer, with_error_correction, with_local_addresses
from ui.rtc.outgoing import AudioTrack

log = logging.getLogger(__name__)

SUPPORTED_AIORTC, SUPPORTED_AIOICE = "1.16.", "0.13."
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
ANSWER_WITHIN_S = 10.0  # includes lookups of host names on the local network
CLOSE_WITHIN_S = 2.0

if not (aiortc.__version__.startswith(SUPPORTED_AIORTC) and aioice.__version__.startswith(SUPPORTED_AIOICE)):
    raise ImportError(
        f"aiortc {aiortc.__version__} and aioice {aioice.__version__} are installed, but calls need private parts of "
        f"aiortc {SUPPORTED_AIORTC}x and aioice {SUPPORTED_AIOICE}x. Install those, as in constraints.txt."
    )

BufferResult = tuple[bool, None]  # result of a jitter buffer: (request a keyframe, frame for aiortc's decoder)


class AudioPackets:
    """Replaces the jitter buffer of an audio receiver."""

    def __init__(self, microphone: AudioReceiver, alive: Callable[[], None]) -> None:
        self._microphone, self._alive = microphone, alive

    def add(self, packet: RtpPacket) -> BufferResult:
        self._alive()
        self._microphone.packet(packet.sequence_number, packet.timestamp, packet.payload)
        return False, None


class VideoPackets:
    """Replaces the jitter buffer of a video receiver."""

    def __init__(self, camera: VideoReceiver, now: Callable[[], float], alive: Callable[[], None]) -> None:
        self._camera, self._now, self._alive = camera, now, alive

    def add(self, packet: RtpPacket) -> BufferResult:
        self._alive()
        converted = Packet(packet.sequence_number, bool(packet.marker), packet.payload, packet._data)
        return self._camera.packet(converted, self._now()), None


def replace_jitter_buffer(receiver: RTCRtpReceiver, packets: AudioPackets | VideoPackets) -> None:
    """Sends the packets of `receiver` to `packets`."""
    if not isinstance(getattr(receiver, JITTER_BUFFER, None), JitterBuffer):
        raise RuntimeError(f"aiortc {aiortc.__version__} has no jitter buffer where {SUPPORTED_AIORTC}x has it.")
    setattr(receiver, JITTER_BUFFER, packets)


class PeerConnection:
    """The connection of one offer. `closed` is set when the browser has left or cannot be reached.

    `stun` is HOST:PORT; `hosts` are the local addresses to bind, None for all; `label` names the data channel.
    """

    def __init__(
        self,
        stun: str | None,
        received: Callable[[str | bytes], None],
        hosts: Sequence[str] | None = None,
        label: str = LABEL,
    ) -> None:
        # No STUN server by default: aiortc's would learn the address of this machine, and costs 5 s without a network.
        # A loopback address cannot reach one.
        server = stun if hosts != LOOPBACK else None
        servers = [RTCIceServer(f"stun:{server.removeprefix('stun:')}")] if server else []
        self._hosts = hosts
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self.channel = Channel(connected=lambda: self.connected, received=received, label=label)
        self.closed = asyncio.Event()
        self._connection.on("datachannel", self._channel_opened)
        self._connection.on("connectionstatechange", self._state_changed)
        self._connection.on("iceconnectionstatechange", self._path_changed)
        self._paths: list[IcePath] = []
        self._answered = ""
        self.reached = False  # a connectivity check with the browser has succeeded

    @property
    def connected(self) -> bool:
        return str(self._connection.connectionState) == "connected"

    async def answer(self, offer: Offer, voice: AudioTrack, sound: AudioPackets, pictures: VideoPackets) -> str:
        """The SDP of the answer. Raises BadInput when the offer cannot be answered."""
        connection = self._connection
        sdp, hosts, sources, lines = offer.sdp, self._hosts, None, CandidateLines()
        if self._hosts == LOOPBACK:
            addresses = machine_addresses()
            lines = CandidateLines(addresses)
            sdp, sources = with_local_addresses(sdp, addresses), frozenset((*LOOPBACK, *addresses))
            hosts = (*LOOPBACK, *addresses) if offer.firefox else LOOPBACK
        transceiver = connection.addTransceiver(voice, "sendrecv")
        _prefer(transceiver, "audio", "opus")
        replace_jitter_buffer(transceiver.receiver, sound)
        if offer.video:
            transceiver = connection.addTransceiver("video", "recvonly")
            _prefer(transceiver, "video", "vp8", "rtx")
            replace_jitter_buffer(transceiver.receiver, pictures)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
                for transport in self._transports():
                    guard(transport, hosts, sources)
                    self._paths.append(IcePath(transport=transport, hosts=hosts, sources=sources, lines=lines))
                if connection.sctp is not None:
                    limit_messages(connection.sctp, self._lose)
                await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # aiortc raises exceptions of many kinds
            log.info("An offer could not be answered: %r", error)
            raise BadInput("The offer cannot be answered. The server supports Opus audio and VP8 video.") from error
        self._answered = with_error_correction(str(connection.localDescription.sdp))
        return self._answered

    async def add_candidates(self, lines: Sequence[str], user: str | None) -> None:
        """Adds candidates of the browser that it has found since its offer. Raises BadInput."""
        for path in self._paths:
            await path.add(lines, user)

    async def restart(self, offer: Offer) -> str:
        """Looks for another path to the browser. Returns the SDP of the answer. Raises BadInput."""
        if len(self._paths) != 1 or not self.connected:
            raise BadInput("The path of this call cannot be changed.")
        return await self._paths[0].restart(offer, self._answered)

    def _transports(self) -> set[RTCDtlsTransport]:
        """The transports; a single one when the offer bundles its media, as those of browsers do."""
        transports = {transceiver.receiver.transport for transceiver in self._connection.getTransceivers()}
        sctp = self._connection.sctp
        return transports if sctp is None else transports | {sctp.transport}

    async def close(self) -> None:
        """Closes the connection in any state; waits for aiortc at most CLOSE_WITHIN_S."""
        self.channel.close()
        self.closed.set()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                for path in self._paths:
                    await path.close()
                await self._connection.close()
        except Exception as error:  # an incomplete connection cannot be closed cleanly
            log.info("A connection was not closed cleanly: %r", error)

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if self.channel.opened(channel):
            channel.on("close", self._lose)  # without a channel the call ends, and the page calls again

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._lose()

    def _path_changed(self) -> None:
        self.reached = self.reached or self._connection.iceConnectionState in ("connected", "completed")

    def _lose(self) -> None:
        self.channel.close()
        self.closed.set()


def _prefer(transceiver: aiortc.RTCRtpTransceiver, kind: str, *names: str) -> None:
    """Restricts the answer to these codecs, which the decoders of this project support."""
    codecs = aiortc.RTCRtpReceiver.getCapabilities(kind).codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.split("/")[1].lower() in names])
