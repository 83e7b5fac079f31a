"""Our voice on its way out: Opus packets of 20 ms on an absolute schedule.

Whatever the event loop was late by is never made up for in a burst, which a browser would answer with seconds of
extra delay: beyond LATE_S the schedule itself moves, and the time stamps with it. No sound is lost by that.

Encoding happens here, on the event loop. It takes 0.3 ms; handing it to a thread, as aiortc would, takes two waits
for the interpreter's lock, which the threads of the models hold for milliseconds at a time.
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
BITS_PER_S = 40_000  # speech in full band, one channel


class PacketPacer:
    """Which frame is due when. Pure: `now` in seconds of any clock that never runs back."""

    def __init__(self) -> None:
        self._zero: float | None = None
        self._next = 0
        self.skipped = 0  # frames of schedule given up

    def next(self, now: float) -> tuple[int, float]:
        """(number of the next frame, seconds to wait until it is due; negative when it is late)."""
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
    """Encoder of one stream."""

    def __init__(self) -> None:
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.format, encoder.layout, encoder.sample_rate = av.AudioFormat("s16"), av.AudioLayout("mono"), RATE_HZ
        encoder.time_base = Fraction(1, RATE_HZ)
        encoder.bit_rate = BITS_PER_S
        # What the next packet tells again of this one costs little and mends a single loss.
        encoder.options = {"application": "voip", "fec": "1", "packet_loss": "10", "compression_level": "5"}
        self._encoder = encoder

    def say(self, samples: Samples, pts: int) -> av.Packet:
        """One packet of FRAME samples, float32 (FRAME,); what is beyond full scale is clipped."""
        pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, pts
        [packet] = self._encoder.encode(frame)
        packet.pts, packet.time_base = pts, Fraction(1, RATE_HZ)  # the encoder's own count its delay
        return packet


class AudioTrack(MediaStreamTrack):
    """`pull(n)` gives the next n samples, float32 (n,) at RATE_HZ, without waiting; called once for each packet."""

    kind = "audio"

    def __init__(self, pull: Callable[[int], Samples]) -> None:
        super().__init__()
        self._pull = pull
        self._mouth = OpusPacketEncoder()
        self.pace = PacketPacer()

    async def recv(self) -> av.Packet:
        """The next packet when it is due. Raises MediaStreamError once the track was stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        number, wait = self.pace.next(asyncio.get_running_loop().time())
        if wait > 0:
            await asyncio.sleep(wait)
        return self._mouth.say(self._pull(FRAME), number * FRAME)
