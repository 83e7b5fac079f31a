"""Test signals have the frequency, length and seed that they claim."""

from __future__ import annotations

import numpy as np

from tests.audio.tone import noise, silence, sine


def test_a_sine_has_one_frequency() -> None:
    spectrum = np.abs(np.fft.rfft(sine(440, 1.0, 16_000, level=0.3)))
    assert int(np.argmax(spectrum)) == 440
    assert np.sum(spectrum**2) - spectrum[440] ** 2 < 1e-6 * spectrum[440] ** 2


def test_noise_is_the_same_for_the_same_seed() -> None:
    np.testing.assert_array_equal(noise(0.1, 16_000, seed=3), noise(0.1, 16_000, seed=3))
    assert not np.array_equal(noise(0.1, 16_000, seed=3), noise(0.1, 16_000, seed=4))
    assert len(silence(0.5, 24_000)) == 12_000
