"""Fits the model of turn ends (`stream/perception/turn_end.json`) on data of `make_data.py`.

    python benchmarks/turn_taking/fit.py FOLDER/fit

A logistic regression with a small penalty on standardised features gives the probability that a pause is the end, once
from the sound alone and once with the words. The slope and the threshold of the wait are those with the least dead air
where one in five turns with a hesitation is answered in it: 5 % of all turns if every fourth has one. There the
pauses of each voice are judged by a model that was fitted without that voice. Features that did not help unknown voices
were left out: the level of VAD's probability and the length of the speech everywhere, and beside the words also the
movement of voice, pitch and level at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.turn_taking.policies import Series, best, log_odds, waits_at
from benchmarks.turn_taking.signals import Pause, measured
from stream.perception.turn_end_model import FITTED, Logistic

SOUND = ("smart_turn", "voice_slope", "pitch_end", "pitch_slope", "level_end")
FEATURES = {"sound": SOUND, "sound_and_words": ("smart_turn", "words_end", "words", "few_words", "asks", "whole")}
PENALTY, STEPS = 3.0, 30
PAUSES_S, THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6), np.linspace(-3.0, 9.0, 241)
CUT_INS = 0.2
READY_S = 0.19  # when the words and the sound are judged, after the last speech


def fitted(pauses: Sequence[Pause], names: Sequence[str]) -> Logistic:
    """Newton's method on the penalised likelihood."""
    features = np.array([[pause.signals.features()[name] for name in names] for pause in pauses])
    ends = np.array([pause.length_s is None for pause in pauses], float)
    mean, spread = features.mean(0), features.std(0) + 1e-9
    inputs = np.column_stack([np.ones(len(ends)), (features - mean) / spread])
    weights, penalty = np.zeros(len(names) + 1), np.diag([0.0, *[PENALTY] * len(names)])
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (ends - probability) - penalty @ weights
        curve = (inputs * (probability * (1 - probability))[:, None]).T @ inputs + penalty
        weights += np.linalg.solve(curve, slope)
    scaled = weights[1:] / spread
    return Logistic(float(weights[0] - scaled @ mean), dict(zip(names, map(float, scaled), strict=True)))


def without_own(pauses: Sequence[Pause], names: Sequence[str]) -> Series:
    """The log odds of each pause by a model that was fitted without its voice."""
    voices = np.array([pause.voice for pause in pauses])
    odds = np.zeros(len(pauses))
    for voice in sorted(set(voices)):
        inside = voices == voice
        others = [pause for pause, own in zip(pauses, inside, strict=True) if not own]
        own = [pause for pause, mine in zip(pauses, inside, strict=True) if mine]
        odds[inside] = log_odds(own, fitted(others, names))
    return odds


def wait_parameters(pauses: Sequence[Pause], odds: Series, most_cut_ins: float = CUT_INS) -> tuple[float, float]:
    """(`pause_s`, `threshold`) with the least dead air."""
    grid = list(product(PAUSES_S, THRESHOLDS))
    chosen, _ = best(pauses, [waits_at(odds, *each, READY_S) for each in grid], most_cut_ins)
    pause_s, threshold = grid[chosen]
    return float(pause_s), float(threshold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    pauses = measured(options.folder)
    ends = sum(pause.length_s is None for pause in pauses)
    voices = sorted({pause.voice for pause in pauses})
    pause_s, threshold = wait_parameters(pauses, without_own(pauses, FEATURES["sound_and_words"]))
    models = {name: fitted(pauses, names) for name, names in FEATURES.items()}
    found = {
        "fitted": f"benchmarks/turn_taking/fit.py on {ends} ends of turns and {len(pauses) - ends} hesitations of "
        f"{len(voices)} voices ({', '.join(voices)}), made by benchmarks/turn_taking/make_data.py",
        "pause_s": round(pause_s, 4),
        "threshold": round(threshold, 4),
        "typical_pause_s": round(float(np.mean([pause.length_s for pause in pauses if pause.length_s is not None])), 4),
    } | {
        name: {
            "bias": round(model.bias, 4),
            "weights": {feature: round(weight, 4) for feature, weight in model.weights.items()},
        }
        for name, model in models.items()
    }
    text = json.dumps(found, indent=2)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
