"""Converting sample arrays: accepted types, the scale of the result, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio.clean import sound_from


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0, 16384, -32768], np.int16), [0, 0.5, -1]),
        (np.array([128, 255, 0], np.uint8), [0, 127 / 128, -1]),
        (np.array([0, 2**30, -(2**31)], np.int32), [0, 0.5, -1]),
        (np.array([0.25, -0.5], np.float64), [0.25, -0.5]),
        (np.array([1.2, -1.2], np.float32), [1, -1]),
        ([], []),
    ],
)
def test_every_type_is_scaled_to_full_scale(array: Any, expected: list[float]) -> None:
    chunk = sound_from(array, 16_000, start=5)
    assert chunk.samples.dtype == np.float32 and (chunk.rate, chunk.start) == (16_000, 5)
    np.testing.assert_allclose(chunk.samples, expected, atol=1e-6)


@pytest.mark.parametrize("shape", ["samples first", "channels first"])
def test_stereo_becomes_the_mean(shape: str) -> None:
    stereo = np.stack([np.full(100, 16384, np.int16), np.zeros(100, np.int16)])
    chunk = sound_from(stereo if shape == "channels first" else stereo.T, 48_000)
    np.testing.assert_allclose(chunk.samples, np.full(100, 0.25), atol=1e-6)


@pytest.mark.parametrize(
    ("array", "rate", "message"),
    [
        (np.array([0.0, np.nan]), 16_000, "NaN"),
        (np.array([0.0, -np.inf]), 16_000, "NaN or infinite"),
        (np.array([0.0, 12_000.0]), 16_000, "full scale"),
        (np.array(["loud"]), 16_000, "integers or floats"),
        (np.zeros(3, complex), 16_000, "integers or floats"),
        (np.zeros((40, 40)), 16_000, "shape"),
        (np.zeros((2, 2, 2)), 16_000, "shape"),
        (np.zeros((100, 0)), 16_000, "channel"),
        (np.zeros(3), 0, "sample rate"),
        (np.zeros(3), float("nan"), "sample rate"),
        (np.zeros(3), 44_100.5, "sample rate"),
        (np.zeros(3), 10**9, "sample rate"),
    ],
)
def test_input_that_is_not_audio_is_refused_with_a_reason(array: Any, rate: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sound_from(array, rate)
