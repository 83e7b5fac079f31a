"""Sends the assistant's voice as Opus packets of 20 ms on an absolute schedule.

A delay of the event loop is not caught up in a burst, which would add seconds of jitter buffer in a browser: beyond
LATE_S the schedule moves, with its timestamps. No sound is lost.

Encoding runs on the event loop, which takes 0.3 ms; a thread, as in aiortc, would wait twice for the interpreter's
lock, which the threads of the models hold for milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from audio.chunk import Samples

RATE_HZ = 48_000
FRAME_S = 0.020
FRAME = 960
LATE_S = 0.060
BITS_PER_S = 40_000  # fullband speech, mono


class PacketPacer:
    """Computes when each frame is due. Pure: `now` is in seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._zero: float | None = None
        self._next = 0
        self.skipped = 0  # frames by which the schedule has moved

    def next(self, now: float) -> tuple[int, float]:
        """(Number of the next frame, seconds until it is due; negative if it is late)."""
        if self._zero is None:
            self._zero = now
        late = now - (self._zero + self._next * FRAME_S)
        if late > LATE_S:
            jump = int(late / FRAME_S)
            self._next += jump
            self.skipped += jump
        number = self._next
        self._next += 1
        return number, self._zero + number * FRAME_S - now


class OpusPacketEncoder:
    """Encoder of one Opus stream."""

    def __init__(self) -> None:
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.format, encoder.layout, encoder.sample_rate = av.AudioFormat("s16"), av.AudioLayout("mono"), RATE_HZ
        encoder.time_base = Fraction(1, RATE_HZ)
        encoder.bit_rate = BITS_PER_S
        # Forward error correction: costs little, and repairs a single lost packet.
        encoder.options = {"application": "voip", "fec": "1", "packet_loss": "10", "compression_level": "5"}
        self._encoder = encoder

    def encode(self, samples: Samples, pts: int) -> av.Packet:
        """One packet of float32 (FRAME,) samples, clipped to full scale."""
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, pts
        [packet] = self._encoder.encode(frame)
        packet.pts, packet.time_base = pts, Fraction(1, RATE_HZ)  # the encoder's own ones include its delay
        return packet


class AudioTrack(MediaStreamTrack):
    """`pull(n)` gives the next n samples, float32 (n,) at RATE_HZ, without waiting; it is called once per packet."""

    kind = "audio"

    def __init__(self, pull: Callable[[int], Samples]) -> None:
        super().__init__()
        self._pull = pull
        self._encoder = OpusPacketEncoder()
        self.pace = PacketPacer()

    async def recv(self) -> av.Packet:
        """The next packet, when it is due. Raises MediaStreamError after the track was stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        number, wait = self.pace.next(asyncio.get_running_loop().time())
        if wait > 0:
            await asyncio.sleep(wait)
        return self._encoder.encode(self._pull(FRAME), number * FRAME)
