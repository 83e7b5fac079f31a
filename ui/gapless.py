"""Makes one stream without gaps out of sound that comes in pieces: its sample count is time on the session clock.

What was lost, and what a silent line did not send, becomes silence. Where the far end's clock runs fast or slow
against ours, a little is cut or added. Pure: times are handed in. Knows no codec and no packets.
"""

from __future__ import annotations

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples

# A line that has sent nothing for so long gets silence, so that those who wait for a pause are not kept waiting.
# Longer than most stalls of a network, because sound that comes after its time was filled is lost.
IDLE_S = 0.6
ROUNDING_S = 0.0025  # the shortest Opus frame: less is not a gap
AHEAD_S = 0.04  # sound cannot come before its time: beyond this, our zero was set by a late packet
BEHIND_S = 0.06  # steadily behind by more: their clock is slow, or the path got longer
RESTARTED_S = 2.0  # off by so much: their clock began anew
WINDOW_S = 5.0  # "steadily"


def _samples(seconds: float) -> int:
    return round(seconds * HEARING_RATE_HZ)


class Gapless:
    """Sound of one microphone at HEARING_RATE_HZ. `now` is seconds on the session clock and never runs back."""

    def __init__(self) -> None:
        self._end = 0  # samples handed out so far
        self._zero: int | None = None  # session time of sample 0, in samples
        self._anchor = 0  # what to add to a place in their stream to get a place in ours
        self._least_lag: int | None = None  # within the window
        self._window_ends = 0
        self.filled = 0  # samples of silence put in
        self.cut = 0  # samples that came too late or too early to be used

    def place(self, samples: Samples, at: int, now: float) -> list[Chunk]:
        """`samples` (n,) float32, from sample `at` of their stream on, just came in. At most silence and sound."""
        here = _samples(now)
        if self._zero is None:
            self._zero = here - len(samples)
            self._anchor = -at
            self._window_ends = here + _samples(WINDOW_S)
        self._keep_time(at + len(samples), here - self._zero, here)
        start = self._anchor + at
        gap = start - self._end
        chunks = []
        if gap > _samples(ROUNDING_S):
            chunks.append(self._silence(gap))
        elif gap < -_samples(ROUNDING_S):
            self.cut += min(-gap, len(samples))
            samples = samples[-gap:]
        if len(samples):
            chunks.append(Chunk(samples, HEARING_RATE_HZ, self._end))
            self._end += len(samples)
        return chunks

    def idle(self, now: float) -> Chunk | None:
        """Silence for a line that has sent nothing for IDLE_S, else None. Ask a few times a second."""
        if self._zero is None:
            return None
        missing = _samples(now - IDLE_S) - self._zero - self._end
        return self._silence(missing) if missing > 0 else None

    def _silence(self, n: int) -> Chunk:
        chunk = Chunk(np.zeros(n, np.float32), HEARING_RATE_HZ, self._end)
        self._end += n
        self.filled += n
        return chunk

    def _keep_time(self, end: int, here: int, clock: int) -> None:
        """Move the anchor where a piece that ends at `end` of their stream is too far from `here` of ours."""
        lag = here - (self._anchor + end)
        if lag < -_samples(AHEAD_S) or lag > _samples(RESTARTED_S):
            self._shift(lag)
            lag = 0
        self._least_lag = lag if self._least_lag is None else min(lag, self._least_lag)
        if clock >= self._window_ends:
            if self._least_lag > _samples(BEHIND_S):
                self._shift(self._least_lag)
            self._least_lag = None
            self._window_ends = clock + _samples(WINDOW_S)

    def _shift(self, by: int) -> None:
        self._anchor += by
        self._least_lag = None
