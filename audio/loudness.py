"""Measures sound levels in dBFS and detects a silent microphone. Time is counted in samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio.chunk import Chunk, Samples

FLOOR_DBFS = -120.0  # what level_dbfs calls digital silence
NEARLY_SILENT_DBFS = -60.0  # a quiet room through an ordinary microphone lies at about -65..-50
DEAD_DBFS = -80.0  # dither of a muted 16-bit input is -90; a live microphone in a closet is above -75


def level_dbfs(samples: Samples) -> float:
    """Root mean square in decibels below full scale; FLOOR_DBFS for no samples and for digital silence."""
    if not len(samples):
        return FLOOR_DBFS
    power = float(np.dot(samples, samples)) / len(samples)
    return max(FLOOR_DBFS, 10 * float(np.log10(power + 1e-30)))


def is_silent(samples: Samples, below_dbfs: float = NEARLY_SILENT_DBFS) -> bool:
    return level_dbfs(samples) < below_dbfs


FRAME_S = 0.01
SOUNDING_DB = 30.0  # below the loudest frame: less is the room's


def sounding_s(samples: Samples, rate: int) -> float:
    """Seconds in which the sound is nearly as loud as at its loudest: the length of a word, a click or a blip."""
    frame = round(rate * FRAME_S)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    powers = np.einsum("ij,ij->i", frames, frames)
    return float(np.count_nonzero(powers > powers.max(initial=0.0) * 10 ** (-SOUNDING_DB / 10))) * FRAME_S


@dataclass(frozen=True, slots=True)
class MicrophoneSilent:
    """The microphone was silent for `for_s` seconds up to `at` (seconds of the stream): muted, unplugged or wrong."""

    at: float
    for_s: float


@dataclass(frozen=True, slots=True)
class MicrophoneBack:
    """Sound returned at `at` after a MicrophoneSilent."""

    at: float


class SilenceWatch:
    """Reports a microphone that stays below `below_dbfs` for `after_s` seconds, once, and its return, once."""

    def __init__(self, after_s: float = 5.0, below_dbfs: float = DEAD_DBFS) -> None:
        self.after_s, self.below_dbfs = after_s, below_dbfs
        self._silent_s = 0.0
        self._reported = False

    def hear(self, chunk: Chunk) -> MicrophoneSilent | MicrophoneBack | None:
        if not is_silent(chunk.samples, self.below_dbfs):
            was_reported, self._reported, self._silent_s = self._reported, False, 0.0
            return MicrophoneBack(chunk.end_s) if was_reported else None
        self._silent_s += chunk.duration_s
        if self._reported or self._silent_s < self.after_s:
            return None
        self._reported = True
        return MicrophoneSilent(chunk.end_s, self._silent_s)
