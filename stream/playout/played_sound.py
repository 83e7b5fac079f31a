"""Keeps the sound that went out in the last seconds, by the time on the session clock: the reference of echo."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import Resampler

KEPT_S = 4.0
# A frame that goes out this much later than due, or earlier, is placed where it belongs; less is jitter of the sender.
LATE_S, EARLY_S = 0.060, 0.020
SOUNDING = 1e-3  # of full scale, -60 dBFS: less is not heard in a room


class PlayedSound:
    """`put` may be called from a sound card's thread; `now` is the session clock."""

    def __init__(self, rate: int, now: Callable[[], float]) -> None:
        self._now = now
        self._resampler = Resampler(rate, HEARING_RATE_HZ)
        self._lock = threading.Lock()
        self._ring = np.zeros(round(KEPT_S * HEARING_RATE_HZ), np.float32)
        self._end = 0  # index after the newest sample; sample 0 is the beginning of the session
        self.sounded_until = float("-inf")  # seconds on the session clock

    def put(self, samples: Samples) -> None:
        """Takes sound that goes out from now on; silence too, since it takes time."""
        at = round(self._now() * HEARING_RATE_HZ)
        sound = self._resampler.push(samples)
        with self._lock:
            late = (at - self._end) / HEARING_RATE_HZ
            if late > LATE_S:
                self._write(np.zeros(min(at - self._end, len(self._ring)), np.float32), at)
            elif late < -EARLY_S:
                self._end = at
            self._write(sound, self._end + len(sound))
            if len(sound) and float(np.abs(sound).max()) > SOUNDING:
                self.sounded_until = self._end / HEARING_RATE_HZ

    def _write(self, samples: Samples, end: int) -> None:
        samples = samples[-len(self._ring) :]
        self._ring[np.arange(end - len(samples), end) % len(self._ring)] = samples
        self._end = end

    def between(self, start: int, end: int) -> Samples:
        """Samples `start` to `end` of the session clock at HEARING_RATE_HZ; silence where nothing is kept."""
        out = np.zeros(end - start, np.float32)
        with self._lock:
            first, last = max(start, self._end - len(self._ring), 0), min(end, self._end)
            if first < last:
                out[first - start : last - start] = self._ring[np.arange(first, last) % len(self._ring)]
        return out
