"""Acoustic echo cancellation: takes our own voice out of the microphone, by WebRTC's AEC3.

AEC3 finds the delay of the echo itself, up to half a second, and follows its changes. It is used through the library
of the `livekit` package (Apache-2.0), without a LiveKit server.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from livekit.rtc.apm import AudioProcessingModule
from livekit.rtc.audio_frame import AudioFrame

from audio.chunk import HEARING_RATE_HZ, Samples

FRAME = HEARING_RATE_HZ // 100  # the length that AEC3 works in


class Canceller(Protocol):
    """One microphone and one loudspeaker, in frames of 10 ms at HEARING_RATE_HZ."""

    def cancel(self, microphone: Samples, played: Samples) -> Samples:
        """`microphone` without what it has of `played`, both (FRAME,) float32; `played` is not later than its echo."""
        ...


class EchoCanceller:
    """A `Canceller`: WebRTC's AEC3. The library keeps four threads, which sleep: frames are processed by the caller."""

    def __init__(self) -> None:
        self._apm = AudioProcessingModule(echo_cancellation=True)

    def cancel(self, microphone: Samples, played: Samples) -> Samples:
        self._apm.process_reverse_stream(_frame(played))
        frame = _frame(microphone)
        self._apm.process_stream(frame)
        return np.frombuffer(frame.data, np.int16).astype(np.float32) / np.float32(32768)


def _frame(samples: Samples) -> AudioFrame:
    pcm = (np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
    return AudioFrame(pcm.tobytes(), HEARING_RATE_HZ, 1, FRAME)
