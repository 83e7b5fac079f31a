"""Judges from a model's hidden state whether the user asks about what is in view: a logistic model of some numbers.

The hidden state is that before the reply, which is computed anyway. `benchmarks/quality/fit_judge.py` fits the model
and writes `scene_judge.json`, which says how and on what. It holds for one language model and one persona.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FITTED = Path(__file__).with_name("scene_judge.json")
MOST_ODDS = 30.0


@dataclass(frozen=True)
class SceneJudge:
    """log odds = bias + sum of weight * hidden[place]."""

    bias: float
    weights: Mapping[int, float]

    def probability(self, hidden: NDArray[np.float32]) -> float:
        """The probability that a question is about the scene. `hidden` is float32 (n,), after the model's last norm."""
        odds = self.bias + sum(weight * float(hidden[place]) for place, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-MOST_ODDS, min(MOST_ODDS, odds))))


@cache
def scene_judge(path: Path = FITTED) -> SceneJudge:
    """The fitted model, for the larger embedded language model."""
    fitted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return SceneJudge(fitted["bias"], {int(place): weight for place, weight in fitted["weights"].items()})
