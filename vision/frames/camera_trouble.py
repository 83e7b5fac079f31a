"""Notices a camera that sends nothing any more, or the same picture again and again. Pure: times are parameters."""

from __future__ import annotations

from collections import deque

from vision.picture import Pixels

SILENT_S = 1.0  # without a picture, after which a camera has stopped
_FAST = 6  # pictures within _FAST_S, from which a source sends a steady stream, not single pictures
_FAST_S = 2.0

_FROZEN_S = 0.9
_LIVE_SHARE = 0.5  # of the pixels that differ from one frame to the next: the noise of a sensor
_LIVE_FRAMES = 8  # in a row, which show that the source has such noise


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
        self._same_since: float | None = None

    def see(self, grain: Pixels, at: float) -> bool:
        """Takes single pixels of the next frame, always the same ones. Returns whether the source is frozen."""
        last, self._last = self._last, grain
        if last is None or last.shape != grain.shape:
            return False
        share = float((grain != last).any(2).mean())
        if share:
            self._noisy_frames = self._noisy_frames + 1 if share >= _LIVE_SHARE else 0
            self._same_since = None
            return False
        if self._noisy_frames < _LIVE_FRAMES:
            return False
        self._same_since = at if self._same_since is None else self._same_since
        return at - self._same_since >= _FROZEN_S
