"""Makes one stream without gaps out of sound that comes in pieces: its sample count is time on the session clock.

What was lost, and what a silent line did not send, becomes silence. Where the far end's clock runs fast or slow
against ours, a little is cut or added. Pure: times are handed in. Knows no codec and no packets.

A line that sends nothing has either stopped its clock meanwhile (a microphone that was off) or is stuck somewhere on
the way (its sound then comes all at once). What comes next is held until that is plain: for one packet's length.
"""

from __future__ import annotations

from dataclasses import dataclass

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
BURST_S = 0.01  # pieces that come closer together than this were stuck together


def _samples(seconds: float) -> int:
    return round(seconds * HEARING_RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    samples: Samples
    at: int  # place of the first sample in their stream
    now: float

    @property
    def end(self) -> int:
        return self.at + len(self.samples)


class JitterBuffer:
    """Sound of one microphone at HEARING_RATE_HZ. `now` is seconds on the session clock and never runs back."""

    def __init__(self) -> None:
        self._end = 0  # samples handed out so far
        self._zero: int | None = None  # session time of sample 0, in samples
        self._anchor = 0  # what to add to a place in their stream to get a place in ours
        self._held: list[_Piece] = []  # came after a silence of the line, and not placed yet
        self._idle = False  # the line was silent for so long that silence was put in
        self._least_lag: int | None = None  # within the window
        self._window_ends = 0.0
        self.filled = 0  # samples of silence put in
        self.cut = 0  # samples that came too late or too early to be used

    def place(self, samples: Samples, at: int, now: float) -> list[Chunk]:
        """`samples` (n,) float32, from sample `at` of their stream on, just came in: what can be handed on now."""
        piece = _Piece(samples, at, now)
        if self._zero is None:
            self._zero = _samples(now) - len(samples)
            self._anchor = -at
            self._window_ends = now + WINDOW_S
        released = self._release(now)
        came_late = self._anchor + piece.end <= self._end
        if self._held or (self._idle and came_late):
            self._held.append(piece)
            return released
        self._idle = False
        self._keep_time(piece)
        return released + self._put(piece)

    def _release(self, now: float) -> list[Chunk]:
        """Those that were held, once the next one did not follow at once: the last of them was in time."""
        if not self._held or now - self._held[-1].now < BURST_S:
            return []
        pieces, self._held, self._idle = self._held, [], False
        self._shift(self._lag(pieces[-1]))
        return [chunk for piece in pieces for chunk in self._put(piece)]

    def _put(self, piece: _Piece) -> list[Chunk]:
        """At most silence and sound: what the stream goes on with when `piece` is put where the anchor says."""
        samples = piece.samples
        gap = self._anchor + piece.at - self._end
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

    def idle(self, now: float) -> list[Chunk]:
        """Silence for a line that has sent nothing for IDLE_S. Ask a few times a second."""
        if self._zero is None:
            return []
        released = self._release(now)
        missing = _samples(now - IDLE_S) - self._zero - self._end
        if missing <= 0:
            return released
        self._idle = True
        return [*released, self._silence(missing)]

    def _silence(self, n: int) -> Chunk:
        chunk = Chunk(np.zeros(n, np.float32), HEARING_RATE_HZ, self._end)
        self._end += n
        self.filled += n
        return chunk

    def _lag(self, piece: _Piece) -> int:
        """How many samples after its time, by the anchor, `piece` came."""
        assert self._zero is not None
        return _samples(piece.now) - self._zero - (self._anchor + piece.end)

    def _keep_time(self, piece: _Piece) -> None:
        """Move the anchor where pieces come too far from their time."""
        lag = self._lag(piece)
        if lag < -_samples(AHEAD_S) or lag > _samples(RESTARTED_S):
            self._shift(lag)
            lag = 0
        self._least_lag = lag if self._least_lag is None else min(lag, self._least_lag)
        if piece.now >= self._window_ends:
            if self._least_lag > _samples(BEHIND_S):
                self._shift(self._least_lag)
            self._least_lag = None
            self._window_ends = piece.now + WINDOW_S

    def _shift(self, by: int) -> None:
        self._anchor += by
        self._least_lag = None
