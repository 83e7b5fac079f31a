"""The figures of the soak: slopes, drifts, and a microphone that asks."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest

from benchmarks.soak import EVERY_S, Questions, drift, slope_per_minute


def test_the_slope_leaves_the_beginning_out() -> None:
    times = [float(second) for second in range(0, 600, 10)]
    values = [100.0 + (at if at < 200 else 200 + (at - 200) * 0.5 / 60) for at in times]
    assert slope_per_minute(times, values, 200.0) == pytest.approx(0.5)


def test_the_drift_compares_the_halves() -> None:
    assert drift([1.0, 1.0, 1.0, 1.1, 1.1, 1.1]) == pytest.approx(0.1)
    assert np.isnan(drift([1.0]))


def test_a_microphone_asks_each_question_whole_and_is_silent_between() -> None:
    sounds = [np.full(48_000, 0.1, np.float32), np.full(24_000, 0.2, np.float32)]
    questions = Questions(sounds, cycle([0, 1]), first_s=2.0)
    seconds = 2 + 3 * EVERY_S
    pulled = np.concatenate([questions.pull(960) for _ in range(round(seconds * 50))])
    assert questions.asked == 3
    assert np.count_nonzero(pulled == np.float32(0.1)) == 2 * 48_000
    assert np.count_nonzero(pulled == np.float32(0.2)) == 24_000
    assert np.flatnonzero(pulled)[0] == 2 * 48_000
