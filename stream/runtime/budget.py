"""Latency as a record with a budget. Takes times, reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stream.models.setup import STAGES


@dataclass
class TurnTiming:
    """Seconds since the user stopped speaking, stage by stage. The first mark of a stage wins.

    `asked` is False where nobody waited: such a turn says nothing about how fast we are.
    """

    stopped_at: float
    marks: dict[str, float] = field(default_factory=dict)
    asked: bool = True

    def mark(self, stage: str, now: float) -> None:
        assert stage in STAGES, f"unknown stage {stage}"
        self.marks.setdefault(stage, now - self.stopped_at)

    def over(self, budget_s: Mapping[str, float]) -> tuple[str, ...]:
        """Stages that took longer than their budget, in order of the chain."""
        return tuple(stage for stage in STAGES if self.marks.get(stage, 0.0) > budget_s.get(stage, float("inf")))


def percentile(values: Iterable[float], share: float) -> float:
    """Linear interpolation between closest ranks; `share` in 0..1. Raises ValueError where there are none."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("no values")
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
