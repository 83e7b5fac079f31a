"""Compares ways to know that a turn is over, on held-out sentences, voices and noises: dead air at 5 and 10 % cut-ins.

    python benchmarks/turn_taking/make_data.py FOLDER --kokoro FOLDER_OF_KOKORO
    python benchmarks/turn_taking/evaluate.py FOLDER/held_out --fit FOLDER/fit --json FILE

Ours, silence alone, Smart Turn alone and the language model alone, on the same pauses in the same run. Each model alone
has its own calibration and its own rate of waiting, fitted on the same data as ours; then for every one the threshold
is moved until no more than 5 (10) % of the turns with a hesitation are answered in one. `operating_*` is ours as the
product has it, with the fitted threshold.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.report import benchmark_parser, report
from benchmarks.turn_taking.fit import CUT_INS, READY_S, THRESHOLDS, fitted, wait_parameters, without_own
from benchmarks.turn_taking.policies import Series, best, cost, log_odds, waits_at
from benchmarks.turn_taking.signals import Pause, measured
from stream.perception.turn_end_model import turn_end_model

BUDGETS = {"5": 0.05, "10": 0.10}
ALONE = {"smart_turn": ("smart_turn",), "llm_only": ("words_end",)}
SILENCES_S = np.arange(0.16, 3.0, 0.032)


def at_budgets(name: str, pauses: Sequence[Pause], candidates: Sequence[Series]) -> dict[str, float]:
    return {
        f"{name}_ms_at_{budget}": round(best(pauses, candidates, share)[1].dead_air_ms)
        for budget, share in BUDGETS.items()
    }


def evaluate(held_out: Sequence[Pause], fit: Sequence[Pause]) -> dict[str, float]:
    ours = turn_end_model()
    odds = log_odds(held_out, ours.sound_and_words)
    operating = cost(held_out, waits_at(odds, ours.pause_s, ours.threshold, READY_S))
    result: dict[str, float] = {
        "turns": sum(pause.length_s is None for pause in held_out),
        "hesitations": sum(pause.length_s is not None for pause in held_out),
        **at_budgets("dead_air", held_out, [waits_at(odds, ours.pause_s, each, READY_S) for each in THRESHOLDS]),
        **at_budgets("silence_only", held_out, [np.full(len(held_out), each) for each in SILENCES_S]),
    }
    for name, features in ALONE.items():
        alone = fitted(fit, features)
        pause_s, _ = wait_parameters(fit, without_own(fit, features), CUT_INS)
        odds_alone = log_odds(held_out, alone)
        result |= at_budgets(name, held_out, [waits_at(odds_alone, pause_s, each, READY_S) for each in THRESHOLDS])
        result[f"{name}_auc"] = round(auc(held_out, odds_alone), 3)
    return result | {
        "dead_air_auc": round(auc(held_out, odds), 3),
        "operating_dead_air_ms": round(operating.dead_air_ms),
        "operating_cut_ins": round(operating.cut_ins, 3),
        **at_operating_cut_ins(held_out, operating.cut_ins),
    }


def at_operating_cut_ins(pauses: Sequence[Pause], share: float) -> dict[str, float]:
    """What silence alone costs where it cuts in as often as the product does."""
    _, silent = best(pauses, [np.full(len(pauses), each) for each in SILENCES_S], share)
    return {"silence_only_ms_at_operating": round(silent.dead_air_ms)}


def auc(pauses: Sequence[Pause], odds: Series) -> float:
    """The chance that an end has higher odds than a hesitation."""
    ends = odds[[pause.length_s is None for pause in pauses]]
    others = odds[[pause.length_s is not None for pause in pauses]]
    difference = ends[:, None] - others[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fit", type=Path, required=True, metavar="FOLDER", help="the data on which ours was fitted")
    options = parser.parse_args()
    report(evaluate(measured(options.folder), measured(options.fit)), options.json)


if __name__ == "__main__":
    main()
