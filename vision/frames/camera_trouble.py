"""Notices a camera that sends nothing any more, or the same picture again and again. Pure: times are parameters."""

from __future__ import annotations

from collections import deque

import numpy as np

from vision.picture import Pixels

SILENT_S = 1.0  # without a picture, after which a camera has stopped
_FAST = 6  # pictures within _FAST_S, from which a source sends a steady stream, not single pictures
_FAST_S = 2.0

_FROZEN_S = 0.75  # since the picture came first; no pause of a live camera is that long
_LIVE_SHARE = 0.5  # of the pixels that differ from one frame to the next: the noise of a sensor
_NOISE = 12  # grey levels up to which most pixels differ by noise: movement differs by more
_LIVE_FRAMES = 24  # in a row, which show that the source has such noise: a codec refines a still picture in fewer


class Stream:
    """The rhythm of the pictures of one source."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_FAST)

    def came(self, at: float) -> None:
        self._times.append(at)

    @property
    def ends_at(self) -> float:
        """When the stream counts as stopped unless a picture comes; infinite for a source of single pictures."""
        steady = len(self._times) == _FAST and self._times[-1] - self._times[0] <= _FAST_S
        return self._times[-1] + SILENT_S if steady else float("inf")


class Frozen:
    """Whether a source that was live repeats one picture, to the last bit.

    A sensor's noise changes every frame; drawn pictures and quiet films have none, so nothing is said about them.
    """

    def __init__(self) -> None:
        self._last: Pixels | None = None
        self._noisy_frames = 0
        self._new_at = 0.0  # when the last picture came that was unlike the one before

    def see(self, grain: Pixels, at: float) -> bool:
        """Takes single pixels of the next frame, always the same ones. Returns whether the source is frozen."""
        last, self._last = self._last, grain
        if last is None or last.shape != grain.shape:
            return False
        differences = np.abs(grain.astype(np.int16) - last).max(2)
        if differences.any():
            is_noise = (differences > 0).mean() >= _LIVE_SHARE and np.percentile(differences, 90) <= _NOISE
            self._noisy_frames = self._noisy_frames + 1 if is_noise else 0
            self._new_at = at
            return False
        return self._noisy_frames >= _LIVE_FRAMES and at - self._new_at >= _FROZEN_S
