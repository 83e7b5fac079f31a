"""The judge of what a question is about: its file can be read, and its scale is that of log odds."""

from __future__ import annotations

import numpy as np
import pytest

from dialogue.prompts.scene_judge import SceneJudge, scene_judge


@pytest.mark.parametrize(("value", "likely"), [(0.0, 0.5), (2.0, 0.881), (-1e9, 0.0), (1e9, 1.0)])
def test_the_weighted_sum_is_log_odds(value: float, likely: float) -> None:
    hidden = np.array([9.0, value], np.float32)
    assert SceneJudge(0.0, {1: 1.0}).probability(hidden) == pytest.approx(likely, abs=1e-3)


def test_the_fitted_model_is_small_and_reads_the_larger_models_state() -> None:
    judge = scene_judge()
    assert 0 < len(judge.weights) <= 256
    assert min(judge.weights) >= 0 and max(judge.weights) < 1536
    assert 0 < judge.probability(np.zeros(1536, np.float32)) < 0.5, "without a sign of it, none is about the scene"
