"""What a second of several sessions takes on this machine, and so how many of them it can hold: from measured times to
a number. What is measured is handed in; see `duplex_cost.py` and `turn_cost.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

UNIT_S = 1.0
SHARE = 0.75  # of a second that units may take: the rest is for jitter, rewinds, and what else the machine does
MOST = 8  # sessions that are tried


@dataclass(frozen=True, slots=True)
class UnitCost:
    """`measured` are pairs of sessions and seconds, ascending; the first is of one session."""

    measured: tuple[tuple[int, float], ...]

    def seconds(self, sessions: int) -> float:
        """Of one unit of each of them, computed together: along straight lines between what was measured, and
        beyond it in proportion."""
        if sessions <= 0:
            return 0.0
        for (fewer, short), (more, long) in pairwise(self.measured):
            if sessions <= more:
                return short + (long - short) * max(sessions - fewer, 0) / (more - fewer)
        most, longest = self.measured[-1]
        return longest * sessions / most

    def unit_seconds(self, sessions: int) -> float:
        """A session costs nothing but its units."""
        return self.seconds(sessions)

    def sessions(self, share: float = SHARE) -> int:
        """How many fit into that share of a second; no more than were tried, and 0 where not even one does."""
        most = self.measured[-1][0]
        return max((count for count in range(most + 1) if self.seconds(count) <= share * UNIT_S), default=0)


def measure(
    compute: Callable[[int], object],
    most: int = MOST,
    share: float = SHARE,
    now: Callable[[], float] = time.perf_counter,
    lasts_s: float = UNIT_S,
) -> UnitCost:
    """`compute(n)` computes what each of n sessions needs in `lasts_s` of a call. Doubles n until it does not fit, or
    `most` is reached. The cost is that of one second.

    The first run of all warms up and counts only where it is so slow that nothing else needs to be known.
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
