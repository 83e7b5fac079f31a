"""What a rule about pauses costs: turns that are cut in on, and dead air after their ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.voice_activity import HOP_S
from benchmarks.turn_taking.signals import Pause
from stream.perception.turn_end_model import Logistic
from stream.turns.patience import LONGEST_S, SHORTEST_S

Series = NDArray[np.float64]
Waits = Callable[[Sequence[Pause]], Series]  # seconds of silence that end the turn, for each pause


@dataclass(frozen=True)
class PolicyCost:
    """`cut_ins`: the share of turns with a hesitation that are answered in one. `dead_air_ms`: from the last sample of
    speech to the decision, the mean over the ends of turns."""

    cut_ins: float
    dead_air_ms: float


def cost(pauses: Sequence[Pause], waits: Series) -> PolicyCost:
    """What these waits cost. A wait takes effect at the next full hop of VAD."""
    effective = np.ceil(waits / HOP_S - 1e-9) * HOP_S
    cut: dict[str, bool] = defaultdict(bool)
    air = []
    for pause, wait in zip(pauses, effective, strict=True):
        if pause.length_s is None:
            air.append(wait + pause.lag_s)
        else:
            cut[pause.row] |= bool(wait < pause.length_s)
    return PolicyCost(sum(cut.values()) / max(1, len(cut)), 1000 * float(np.mean(air)))


def waits_at(log_odds: Series, pause_s: float, threshold: float, ready_s: float = 0.0) -> Series:
    """As `Patience` computes them; nothing is decided before the estimate is there."""
    return np.maximum(np.clip(pause_s * (threshold - log_odds), SHORTEST_S, LONGEST_S), ready_s)


def log_odds(pauses: Sequence[Pause], model: Logistic) -> Series:
    return np.array([model.log_odds(pause.signals.features()) for pause in pauses])


def best(pauses: Sequence[Pause], candidates: Sequence[Series], most_cut_ins: float) -> tuple[int, PolicyCost]:
    """The candidate with the least dead air among those that cut in on at most this share; and its cost."""
    costs = [cost(pauses, waits) for waits in candidates]
    allowed = [number for number, each in enumerate(costs) if each.cut_ins <= most_cut_ins]
    if not allowed:
        return -1, PolicyCost(min(each.cut_ins for each in costs), float("nan"))
    chosen = min(allowed, key=lambda number: costs[number].dead_air_ms)
    return chosen, costs[chosen]
