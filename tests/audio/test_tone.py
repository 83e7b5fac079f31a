"""Test signals are what they say: frequency, place, length, level."""

from __future__ import annotations

import numpy as np

from audio.tone import click_track, ding, noise, silence, sine


def test_a_sine_has_one_frequency() -> None:
    spectrum = np.abs(np.fft.rfft(sine(440, 1.0, 16_000, level=0.3)))
    assert int(np.argmax(spectrum)) == 440
    assert np.sum(spectrum**2) - spectrum[440] ** 2 < 1e-6 * spectrum[440] ** 2


def test_clicks_are_where_they_were_asked_for() -> None:
    track = click_track([0.1, 0.75], 1.0, 48_000)
    onsets = np.flatnonzero(np.diff(track) > 0) + 1
    assert list(onsets) == [4800, 36_000] and len(track) == 48_000


def test_a_ding_begins_and_ends_without_a_click() -> None:
    bell = ding(24_000)
    assert len(bell) == 6000 and bell.dtype == np.float32
    assert abs(bell[0]) < 1e-3 and abs(bell[-1]) < 1e-2 and 0.05 < np.abs(bell).max() <= 0.2


def test_noise_is_the_same_for_the_same_seed() -> None:
    np.testing.assert_array_equal(noise(0.1, 16_000, seed=3), noise(0.1, 16_000, seed=3))
    assert not np.array_equal(noise(0.1, 16_000, seed=3), noise(0.1, 16_000, seed=4))
    assert len(silence(0.5, 24_000)) == 12_000
