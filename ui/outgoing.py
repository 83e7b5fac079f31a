"""Our voice on its way out: 20 ms frames on an absolute schedule.

Whatever the event loop was late by is never made up for in a burst, which a browser would answer with seconds of
extra delay: beyond LATE_S the schedule itself moves, and the time stamps with it. No sound is lost by that.
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


class Pace:
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


class Voice(MediaStreamTrack):
    """`pull(n)` gives the next n samples, float32 (n,) at RATE_HZ, without waiting; called once for each frame."""

    kind = "audio"

    def __init__(self, pull: Callable[[int], Samples]) -> None:
        super().__init__()
        self._pull = pull
        self.pace = Pace()

    async def recv(self) -> av.AudioFrame:
        """The next frame when it is due. Raises MediaStreamError once the track was stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        number, wait = self.pace.next(asyncio.get_running_loop().time())
        if wait > 0:
            await asyncio.sleep(wait)
        samples = np.clip(self._pull(FRAME), -1.0, 1.0)
        frame = av.AudioFrame.from_ndarray((samples * 32767.0).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.time_base = Fraction(1, RATE_HZ)
        frame.pts = number * FRAME
        return frame
