"""How long a silence must last before the turn is over, and what a call teaches about that.

The longer a silence lasts, the less likely it is a hesitation: the log odds that the user has finished rise by 1 in
`pause_s`. The turn is over when they reach `threshold`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from stream.runtime.given import Eagerness

SHORTEST_S, LONGEST_S = 0.16, 1.6
# How far a client's eagerness moves the threshold, and the longest silence with it.
EAGERNESS = {"low": (2.0, 4.0), "medium": (0.0, LONGEST_S), "high": (-1.0, 0.8)}
PRIOR_PAUSES = 8  # pauses of this user that weigh as much as the typical ones
COUNTED_PAUSE_S = 3.0  # a longer silence is no hesitation
# How far one answer that came too early, or too late, moves the threshold, and how far all of them may.
TOO_EARLY, TOO_LATE, FARTHEST = 0.5, 0.1, 1.5
LATE_S = 0.8  # a wait from which an answer that nobody talks into came late


@dataclass
class Patience:
    """The patience of one call. `silence_s` of silence end a turn where no probability is known.

    `typical_pause_s` is the mean hesitation of the speakers on whom `pause_s` was fitted.
    """

    silence_s: float = 0.40
    pause_s: float = 0.25
    threshold: float = 1.0
    typical_pause_s: float = 0.7
    eagerness: Eagerness = "medium"
    fixed_s: float | None = None  # silence that ends a turn whatever the probability is
    _pauses_s: list[float] = field(default_factory=list, repr=False)
    _moved: float = 0.0

    def wait_s(self, probability: float | None) -> float:
        """Seconds of silence that end the turn at this probability that the user has finished."""
        if self.fixed_s is not None:
            return self.fixed_s
        shift, longest_s = EAGERNESS[self.eagerness]
        if probability is None:
            return min(self.silence_s, longest_s)
        kept = min(max(probability, 1e-6), 1 - 1e-6)
        log_odds = math.log(kept / (1 - kept))
        wait_s = self.pause_s * self._slowness() * (self.threshold + shift + self._moved - log_odds)
        return min(max(wait_s, SHORTEST_S), longest_s)

    def went_on(self, after_s: float) -> None:
        """The user went on after a pause of `after_s` seconds: how long this user's pauses are is learned."""
        if after_s <= COUNTED_PAUSE_S:
            self._pauses_s.append(after_s)

    def came_too_early(self) -> None:
        """An answer was taken back, because the user went on."""
        self._moved = min(self._moved + TOO_EARLY, FARTHEST)

    def was_heard(self, waited_s: float) -> None:
        """An answer after a wait was heard to its end, and nobody went on: a long wait was too long."""
        if waited_s >= LATE_S:
            self._moved = max(self._moved - TOO_LATE, -FARTHEST)

    def _slowness(self) -> float:
        """The user's pauses against typical ones; 1 before anything is known."""
        typical = PRIOR_PAUSES * self.typical_pause_s
        mean = (typical + sum(self._pauses_s)) / (PRIOR_PAUSES + len(self._pauses_s))
        return mean / self.typical_pause_s


def waited(silent_s: float, probability: float | None) -> str:
    """Why a turn was decided when it was, in plain words."""
    known = "" if probability is None else f": {probability:.2f} that you had finished"
    return f"waited {1000 * silent_s:.0f} ms{known}"
