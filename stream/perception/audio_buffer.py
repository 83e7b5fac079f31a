"""Keeps the last minute of microphone sound in a ring of samples, so that any part of it can be transcribed."""

from __future__ import annotations

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples

KEPT_S = 60.0

# VAD detects speech a little after its onset, so this much sound before the onset is included.
PRE_ROLL_S = 0.3


class AudioBuffer:
    """Sound of one stream at HEARING_RATE_HZ, addressed by its own time in seconds."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._ring = np.zeros(round(kept_s * HEARING_RATE_HZ), np.float32)
        self._end = 0  # index after the newest sample
        self.pre_roll_s = PRE_ROLL_S

    @property
    def end_s(self) -> float:
        return self._end / HEARING_RATE_HZ

    def with_pre_roll(self, began_at: float) -> float:
        """Where the sound of speech that was detected from `began_at` starts, in seconds of the stream."""
        return max(0.0, began_at - self.pre_roll_s)

    def append(self, chunk: Chunk) -> None:
        """`chunk` at HEARING_RATE_HZ; a gap after the last one is filled with silence."""
        assert chunk.rate == HEARING_RATE_HZ, f"Sound must be at {HEARING_RATE_HZ} Hz, not at {chunk.rate} Hz."
        size = len(self._ring)
        if chunk.start > self._end:
            self._write(np.zeros(min(chunk.start - self._end, size), np.float32), chunk.start)
        self._write(chunk.samples[-size:], chunk.end)

    def _write(self, samples: Samples, end: int) -> None:
        positions = np.arange(end - len(samples), end) % len(self._ring)
        self._ring[positions] = samples
        self._end = end

    def between(self, start_s: float, end_s: float) -> Samples:
        """A copy of that part, as far as it is still kept: float32 (n,)."""
        end = min(round(end_s * HEARING_RATE_HZ), self._end)
        start = max(round(start_s * HEARING_RATE_HZ), self._end - len(self._ring), 0)
        return self._ring[np.arange(start, max(start, end)) % len(self._ring)]
