"""Resampling: chunked equals whole, length and tone are right, and the delay is small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.resample import Resampler, resample_whole
from tests.audio.tone import noise, sine

RATES = [(48_000, 16_000), (24_000, 48_000), (44_100, 16_000), (16_000, 24_000), (16_000, 16_000)]


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
@pytest.mark.parametrize("seed", [0, 1])
def test_chunked_equals_whole(
    rate_in: int, rate_out: int, seed: int, ugly_cuts: Callable[[int, int], list[int]]
) -> None:
    sound = noise(1.3, rate_in)
    resampler = Resampler(rate_in, rate_out)
    pieces, place = [], 0
    for length in ugly_cuts(len(sound), seed):
        pieces.append(resampler.push(sound[place : place + length]))
        place += length
    pieces.append(resampler.flush())
    np.testing.assert_array_equal(np.concatenate(pieces), resample_whole(sound, rate_in, rate_out))


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
def test_a_tone_stays_the_same_tone_at_the_same_time(rate_in: int, rate_out: int) -> None:
    heard = resample_whole(sine(1000, 1.0, rate_in), rate_in, rate_out)
    expected = sine(1000, 1.0, rate_out)
    assert len(heard) == len(expected)
    inner = slice(rate_out // 10, -rate_out // 10)
    np.testing.assert_allclose(heard[inner], expected[inner], atol=1e-3)


def test_frequencies_above_the_new_nyquist_are_removed() -> None:
    assert np.sqrt(np.mean(resample_whole(sine(12_000, 1.0, 48_000), 48_000, 16_000)[800:-800] ** 2)) < 1e-4


def test_a_live_stream_is_delayed_by_two_milliseconds_at_most() -> None:
    resampler = Resampler(48_000, 16_000)
    pushed = out = 0
    for _ in range(100):
        out += len(resampler.push(noise(0.02, 48_000)))
        pushed += 320
        assert pushed - out <= 32


def test_after_a_flush_a_new_stream_begins() -> None:
    resampler = Resampler(48_000, 16_000)
    sound = noise(0.1, 48_000)
    first = np.concatenate([resampler.push(sound), resampler.flush()])
    second = np.concatenate([resampler.push(sound), resampler.flush()])
    np.testing.assert_array_equal(first, second)
    assert len(resampler.flush()) == 0


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 16_000)
