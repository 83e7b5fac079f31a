"""Measures what a second of several sessions costs on this machine, and derives how many sessions fit.

The measured work is a parameter; see `duplex_cost.py` and `turn_cost.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

UNIT_S = 1.0
SHARE = 0.75  # of a second for units; the rest is for jitter, rewinds and other load
MAX_SESSIONS = 8  # that are measured


@dataclass(frozen=True, slots=True)
class UnitCost:
    """`measured` are ascending pairs of sessions and seconds; the first is of one session."""

    measured: tuple[tuple[int, float], ...]

    def seconds(self, sessions: int) -> float:
        """Seconds of one unit of each session in one batch: linear between measured points, proportional beyond."""
        if sessions <= 0:
            return 0.0
        for (fewer, short), (more, long) in pairwise(self.measured):
            if sessions <= more:
                return short + (long - short) * max(sessions - fewer, 0) / (more - fewer)
        most, longest = self.measured[-1]
        return longest * sessions / most

    def unit_seconds(self, sessions: int) -> float:
        """The same: a session costs only its units."""
        return self.seconds(sessions)

    def sessions(self, share: float = SHARE) -> int:
        """The number of sessions that fit into `share` of a second, at most as many as were measured."""
        most = self.measured[-1][0]
        return max((count for count in range(most + 1) if self.seconds(count) <= share * UNIT_S), default=0)


def measure(
    compute: Callable[[int], object],
    most: int = MAX_SESSIONS,
    share: float = SHARE,
    now: Callable[[], float] = time.perf_counter,
    lasts_s: float = UNIT_S,
) -> UnitCost:
    """The cost of one second. `compute(n)` computes the work of n sessions for `lasts_s` seconds of a call; n doubles
    until it does not fit or reaches `most`.

    The first run is a warm-up and counts only if it alone shows that the machine is far too slow.
    """

    def taken(count: int) -> float:
        began = now()
        compute(count)
        return (now() - began) / lasts_s

    first = taken(1)
    if first > 3 * UNIT_S:
        return UnitCost(((1, first),))
    found: list[tuple[int, float]] = []
    count = 1
    while True:
        found.append((count, max(min(taken(count), taken(count)), found[-1][1] if found else 0.0)))
        if found[-1][1] > share * UNIT_S or count >= most:
            return UnitCost(tuple(found))
        count = min(2 * count, most)
