"""Decides how much of a prefill one step computes, from the speed that was measured: other work waits for one step.

A step is a few layers of a chunk of tokens. A large chunk is efficient, because it reads the weights once for all of
its tokens; few layers keep the step short.
"""

from __future__ import annotations

STEP_S = 0.020  # what a step may take
CHUNKS = (64, 32, 16, 8)  # tokens that share a pass, the most efficient first
SIZES = (1, 2, 4, 8, 16, 32, 64)  # numbers of tokens that are timed apart
KEPT = 4  # steps of each size that are remembered: the fastest of them was not delayed by other programs


class PrefillPace:
    """Shared by the sessions of one model; used on its thread."""

    def __init__(self) -> None:
        self._layer_s: dict[int, list[float]] = {}  # by size, the newest last

    def tokens(self) -> int:
        """The size of the next chunk: the largest of which a layer fits into a step."""
        return next((chunk for chunk in CHUNKS if self._estimate(chunk) <= STEP_S), CHUNKS[-1])

    def layers(self, tokens: int) -> int:
        """How many layers of that many tokens fit into a step, at least one."""
        estimate = self._estimate(tokens)
        return max(1, int(STEP_S / estimate)) if estimate else 1

    def took(self, tokens: int, layers: int, seconds: float) -> None:
        """Notes how long `layers` layers of `tokens` tokens took."""
        kept = self._layer_s.setdefault(_size_of(tokens), [])
        kept.append(seconds / layers)
        del kept[:-KEPT]

    def _estimate(self, tokens: int) -> float:
        """Seconds that a layer takes; 0 where nothing near was measured."""
        size = _size_of(tokens)
        if size in self._layer_s:
            return min(self._layer_s[size])
        # Twice the tokens take at most twice the time.
        smaller = max((each for each in self._layer_s if each < size), default=0)
        return min(self._layer_s[smaller]) * size / smaller if smaller else 0.0


def _size_of(tokens: int) -> int:
    """The smallest of SIZES that holds the tokens."""
    return next((size for size in SIZES if size >= tokens), SIZES[-1])
