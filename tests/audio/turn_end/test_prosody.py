"""Pitch and loudness at the end of sounds whose pitch and loudness are known."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Samples
from audio.turn_end.prosody import Prosody, prosody
from tests.audio.tone import noise

RATE = 16_000


def voice(semitones: np.ndarray, level_db: np.ndarray, base_hz: float = 120.0) -> Samples:
    """A buzz of ten overtones with a course of pitch (semitones above `base_hz`) and of level, one value a sample."""
    phase = 2 * np.pi * np.cumsum(base_hz * 2 ** (semitones / 12)) / RATE
    buzz = sum(np.sin(number * phase) / number for number in range(1, 11))
    return np.asarray(0.1 * buzz * 10 ** (level_db / 20), np.float32)


def course(*points: tuple[float, float], seconds: float = 1.5) -> np.ndarray:
    """Values between (second, value) points."""
    at, values = zip(*points, strict=True)
    return np.asarray(np.interp(np.arange(round(seconds * RATE)) / RATE, at, values))


FLAT = course((0, 0))


@pytest.mark.parametrize("base_hz", [90.0, 200.0])
@pytest.mark.parametrize(("last", "slope"), [(-5.0, -20.0), (5.0, 20.0), (0.0, 0.0)])
def test_a_fall_and_a_rise_at_the_end_are_measured(last: float, slope: float, base_hz: float) -> None:
    found = prosody(voice(course((0, 0), (1.25, 0), (1.5, last)), FLAT, base_hz))
    assert found.pitch_slope == pytest.approx(slope, abs=5.0)
    assert found.pitch_end == pytest.approx(0.75 * last, abs=1.5)


def test_a_fading_end_is_measured() -> None:
    fading = prosody(voice(FLAT, course((0, 0), (1.3, 0), (1.5, -20))))
    assert fading.level_end < -6.0
    assert prosody(voice(FLAT, FLAT)).level_end == pytest.approx(0.0, abs=1.0)


def test_noise_has_no_pitch() -> None:
    found = prosody(noise(1.5, RATE, 0.1))
    assert found.pitch_end == found.pitch_slope == 0.0


@pytest.mark.parametrize("samples", [0, 100, 1600])
def test_too_little_sound_is_measured_as_nothing(samples: int) -> None:
    assert prosody(np.zeros(samples, np.float32)) == Prosody()


def test_silence_is_measured_as_nothing() -> None:
    assert prosody(np.full(RATE, 0.5, np.float32)) == prosody(np.zeros(RATE, np.float32)) == Prosody()
