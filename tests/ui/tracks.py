"""The media of a test caller: a microphone with a tone, a camera with two colours, and the tone as playback."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

TONE_HZ = 440


class ToneOut:
    """Endless playback of 440 Hz."""

    def __init__(self) -> None:
        self.pulled = 0

    def pull(self, n: int) -> np.ndarray:
        times = np.arange(self.pulled, self.pulled + n) / 48_000
        self.pulled += n
        return (0.3 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.float32)


class Tone(MediaStreamTrack):
    """A microphone with a tone of 440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._out = ToneOut()
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        pts = self._out.pulled
        await asyncio.sleep(max(0.0, self._began + pts / 48_000 - loop.time()))
        samples = (self._out.pull(960) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, pts, Fraction(1, 48_000)
        return frame


class Colours(MediaStreamTrack):
    """A camera with 15 frames a second, red on the left and blue on the right."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240) -> None:
        super().__init__()
        self._rgb = np.zeros((height, width, 3), np.uint8)
        self._rgb[:, : width // 2, 0] = self._rgb[:, width // 2 :, 2] = 220
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / 15)
        frame = av.VideoFrame.from_ndarray(self._rgb, format="rgb24")
        frame.pts, frame.time_base = self._count * 6000, Fraction(1, 90_000)
        self._count += 1
        return frame
