"""How long a silence must last before the turn is over, from the probability that the user has finished."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence: `finished_s` at a probability of `finished` or more, `unfinished_s` at `unfinished` or less,
    else `silence_s`, as without a probability."""

    silence_s: float = 0.40
    finished: float = 0.8
    unfinished: float = 0.2
    finished_s: float = 0.22
    unfinished_s: float = 0.90

    def wait_s(self, probability: float | None) -> float:
        if probability is None:
            return self.silence_s
        if probability >= self.finished:
            return min(self.finished_s, self.silence_s)
        if probability <= self.unfinished:
            return max(self.unfinished_s, self.silence_s)
        return self.silence_s
