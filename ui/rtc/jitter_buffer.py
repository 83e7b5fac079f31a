"""Joins sound that arrives in pieces into one stream without gaps, whose sample count is time on the session clock.

Lost pieces and pauses of the sender become silence. When the sender's clock runs faster or slower, samples are cut or
silence is added. Pure: times are parameters.

After a pause of the sender, either its clock has stopped (the microphone was off) or its sound was delayed on the
way (and then arrives all at once). The next piece is held for the length of one packet until this is clear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples

# After this long without sound silence is inserted, so that endpointing goes on. Longer than most stalls of a network,
# because sound that arrives after its time was filled is lost.
IDLE_S = 0.6
ROUNDING_S = 0.0025  # the shortest Opus frame: less is not a gap
AHEAD_S = 0.04  # sound cannot arrive early: beyond this, a late packet has set the zero
BEHIND_S = 0.06  # steadily late by more: the sender's clock is slow, or the path is longer
RESTARTED_S = 2.0  # off by more: the sender's clock has restarted
WINDOW_S = 5.0  # "steadily"
BURST_S = 0.01  # pieces that arrive closer together were delayed together
MOST_HELD_S = 2.0  # of the newest sound: earlier sound of such a burst is too late to be placed anyway


def _samples(seconds: float) -> int:
    return round(seconds * HEARING_RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    samples: Samples
    at: int  # position of the first sample in the sender's stream
    now: float

    @property
    def end(self) -> int:
        return self.at + len(self.samples)


class JitterBuffer:
    """Sound of one microphone at HEARING_RATE_HZ. `now` is seconds on the session clock, never decreasing."""

    def __init__(self) -> None:
        self._end = 0  # samples released so far
        self._zero: int | None = None  # session time of sample 0, in samples
        self._anchor = 0  # position in this stream less position in the sender's
        self._held: list[_Piece] = []  # arrived after a pause, and not placed yet
        self._idle = False  # silence was inserted for a pause
        self._restarted = False
        self._least_lag: int | None = None  # within the window
        self._window_ends = 0.0
        self.filled = 0  # samples of silence inserted
        self.cut = 0  # samples dropped because they were too late or too early

    def place(self, samples: Samples, at: int, now: float) -> list[Chunk]:
        """Takes `samples`, float32 (n,), from sample `at` of the sender's stream on; returns the ready chunks."""
        piece = _Piece(samples, at, now)
        if self._restarted and self._zero is not None:
            self._shift(self._lag(piece))
        self._restarted = False
        if self._zero is None:
            self._zero = _samples(now) - len(samples)
            self._anchor = -at
            self._window_ends = now + WINDOW_S
        released = self._release(now)
        is_late = self._anchor + piece.end <= self._end
        if self._held or (self._idle and is_late):
            self._hold(piece)
            return released
        self._idle = False
        self._keep_time(piece)
        return released + self._put(piece)

    def restart(self) -> None:
        """The next piece is of another stream: it counts as being in time."""
        self._held, self._idle, self._restarted = [], False, True

    def _hold(self, piece: _Piece) -> None:
        self._held.append(piece)
        while sum(len(held.samples) for held in self._held) > _samples(MOST_HELD_S):
            self.cut += len(self._held.pop(0).samples)

    def _release(self, now: float) -> list[Chunk]:
        """The held pieces, if no further piece followed at once: then the last of them was in time."""
        if not self._held or now - self._held[-1].now < BURST_S:
            return []
        pieces, self._held, self._idle = self._held, [], False
        self._shift(self._lag(pieces[-1]))
        return [chunk for piece in pieces for chunk in self._put(piece)]

    def _put(self, piece: _Piece) -> list[Chunk]:
        """The chunks that place `piece` where the anchor says: silence for a gap, then the sound."""
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
        """Silence for a sender that has sent nothing for IDLE_S. To be called a few times a second."""
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
        """The delay of `piece` against the anchor, in samples."""
        assert self._zero is not None
        return _samples(piece.now) - self._zero - (self._anchor + piece.end)

    def _keep_time(self, piece: _Piece) -> None:
        """Moves the anchor when pieces arrive too far from their time."""
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
