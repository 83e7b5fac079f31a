"""How loud sound is, and whether a microphone gives any. Knows no device; time is counted in samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio.chunk import Chunk, Samples

FLOOR_DBFS = -120.0  # what level_dbfs calls digital silence
NEARLY_SILENT_DBFS = -60.0  # a quiet room through an ordinary microphone lies at about -65..-50
DEAD_DBFS = -80.0  # dither of a muted 16-bit input is -90; a live microphone in a closet is above -75
CLIPPED = 0.999


def level_dbfs(samples: Samples) -> float:
    """Root mean square in decibels below full scale; nothing and digital silence are FLOOR_DBFS."""
    if not len(samples):
        return FLOOR_DBFS
    power = float(np.dot(samples, samples)) / len(samples)
    return max(FLOOR_DBFS, 10 * float(np.log10(power + 1e-30)))


def is_silent(samples: Samples, below_dbfs: float = NEARLY_SILENT_DBFS) -> bool:
    return level_dbfs(samples) < below_dbfs


def clipped_share(samples: Samples) -> float:
    """The share of samples at full scale, 0..1: over about 0.001 one hears it."""
    return float(np.mean(np.abs(samples) >= CLIPPED)) if len(samples) else 0.0


@dataclass(frozen=True, slots=True)
class MicrophoneSilent:
    """Nothing has come for `for_s` seconds up to `at` (seconds of the stream): muted, unplugged, or the wrong one."""

    at: float
    for_s: float


@dataclass(frozen=True, slots=True)
class MicrophoneBack:
    """Sound came again at `at` after a MicrophoneSilent."""

    at: float


class SilenceWatch:
    """Says once that the microphone is dead after `after_s` seconds below `below_dbfs`, and once that it is back."""

    def __init__(self, after_s: float = 5.0, below_dbfs: float = DEAD_DBFS) -> None:
        self.after_s, self.below_dbfs = after_s, below_dbfs
        self._silent_s = 0.0
        self._told = False

    def hear(self, chunk: Chunk) -> MicrophoneSilent | MicrophoneBack | None:
        if not is_silent(chunk.samples, self.below_dbfs):
            was_told, self._told, self._silent_s = self._told, False, 0.0
            return MicrophoneBack(chunk.end_s) if was_told else None
        self._silent_s += chunk.duration_s
        if self._told or self._silent_s < self.after_s:
            return None
        self._told = True
        return MicrophoneSilent(chunk.end_s, self._silent_s)
