"""Records the latency of a turn by stage and compares it with a budget. Takes times, reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dialogue.engine import Capabilities

STAGES = (
    "transcript",
    "turn_decided",
    "first_token",
    "first_phrase",
    "first_sound_made",
    "first_sound_sent",
    "first_sound_heard",
)
MAKING = frozenset({"transcript", "first_token", "first_phrase", "first_sound_made"})
SENDING = frozenset({"first_sound_sent", "first_sound_heard"})

# Seconds after the user's last speech sample. Set from the first measurements of docs/latency.md.
TRANSCRIBED_BUDGET_S: Mapping[str, float] = {
    "transcript": 0.45,
    "turn_decided": 0.50,
    "first_token": 0.60,
    "first_phrase": 0.65,
    "first_sound_made": 0.70,
    "first_sound_sent": 0.75,
    "first_sound_heard": 0.90,
}

# A half-duplex model that takes sound needs no transcript. The answer starts in the first silence (0.13 s); the rest of
# the user's last second is prefilled first, which takes up to 0.75 s on a machine with as many calls as its capacity
# allows. Half a second of speech, ten tokens and their sound, takes half as long again.
HEARING_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 0.50,
    "first_token": 1.00,
    "first_phrase": 1.35,
    "first_sound_made": 1.40,
    "first_sound_sent": 1.45,
    "first_sound_heard": 1.60,
}

# Full duplex works in whole seconds. A second must contain some silence (0.4 s, as in the rule of the pipeline) before
# the end of the user's turn can be detected, so it may end 1.4 s after the last word; it waits 0.08 s for the seconds
# of other sessions, and computing it, words and sound, takes up to 0.75 s.
DUPLEX_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 2.25,
    "first_token": 2.25,
    "first_sound_made": 2.25,
    "first_sound_sent": 2.30,
    "first_sound_heard": 2.45,
}

# With the built-in TTS a first phrase has up to ten words, and a second brings three or four.
READ_DUPLEX_BUDGET_S: Mapping[str, float] = {
    "turn_decided": 2.25,
    "first_token": 2.25,
    "first_phrase": 4.30,
    "first_sound_made": 4.40,
    "first_sound_sent": 4.45,
    "first_sound_heard": 4.60,
}


def budget_for(can: Capabilities) -> Mapping[str, float]:
    """Seconds each stage may take after the user's last speech sample, by what the engine does itself."""
    if not can.hears:
        return TRANSCRIBED_BUDGET_S
    if not can.duplex:
        return HEARING_BUDGET_S
    return DUPLEX_BUDGET_S if can.speaks else READ_DUPLEX_BUDGET_S


@dataclass
class TurnTiming:
    """Seconds since the user stopped speaking, stage by stage. The first mark of a stage wins.

    `asked` is False for an unprompted turn: its times are no measure of latency.
    """

    stopped_at: float
    marks: dict[str, float] = field(default_factory=dict)
    asked: bool = True

    def mark(self, stage: str, now: float) -> None:
        assert stage in STAGES, f"Unknown stage {stage!r}."
        self.marks.setdefault(stage, now - self.stopped_at)

    def over(self, budget_s: Mapping[str, float]) -> tuple[str, ...]:
        """Stages that took longer than their budget, in pipeline order."""
        return tuple(stage for stage in STAGES if self.marks.get(stage, 0.0) > budget_s.get(stage, float("inf")))


def broken_by(marks: Mapping[str, float], budget_s: Mapping[str, float]) -> str:
    """The stage that took longest beyond its own share of the budget; empty where none is over its budget.

    The sound waits for the decision and for its own making, which go on side by side: the later one counts.
    """
    if not any(mark > budget_s.get(stage, float("inf")) for stage, mark in marks.items()):
        return ""
    made = marks.get("first_sound_made", 0.0) > marks.get("turn_decided", 0.0)
    waited_for = [stage for stage in STAGES if stage in marks and (stage in SENDING or (stage in MAKING) == made)]
    excess: dict[str, float] = {}
    before = allowed_before = 0.0
    for stage in waited_for:
        allowed = budget_s.get(stage, allowed_before)
        excess[stage] = marks[stage] - before - (allowed - allowed_before)
        before, allowed_before = marks[stage], allowed
    return max(excess, key=lambda stage: excess[stage], default="")


def percentile(values: Iterable[float], share: float) -> float:
    """Linear interpolation between closest ranks; `share` in 0..1. Raises ValueError for no values."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("A percentile needs at least one value.")
    position = share * (len(ranked) - 1)
    low = int(position)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (position - low)
