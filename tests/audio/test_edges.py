"""Trimming and padding the silence before and after a phrase."""

from __future__ import annotations

import numpy as np
import pytest

from audio.edges import pause_after, sounding_span, with_edges
from tests.audio.tone import silence, sine

RATE = 24_000


def test_the_sound_is_found_between_the_silences() -> None:
    sound = np.concatenate([silence(0.3, RATE), sine(500, 0.2, RATE), silence(0.4, RATE)])
    first, last = sounding_span(sound, RATE)
    assert first == pytest.approx(0.3 * RATE, abs=0.006 * RATE) and last == pytest.approx(0.5 * RATE, abs=0.006 * RATE)
    assert sounding_span(silence(1, RATE), RATE) == sounding_span(silence(0, RATE), RATE) == (0, 0)


@pytest.mark.parametrize("behind_s", [0.0, 0.4], ids=["pause added", "pause cut"])
def test_ten_milliseconds_are_kept_before_the_sound_and_the_pause_after_it(behind_s: float) -> None:
    sound = np.concatenate([silence(0.3, RATE), sine(500, 0.2, RATE), silence(behind_s, RATE)])
    kept, cut = with_edges(sound, RATE, sounding_span(sound, RATE), pause_s=0.14)
    assert len(kept) / RATE == pytest.approx(0.01 + 0.2 + 0.14, abs=0.006)
    assert cut / RATE == pytest.approx(0.29, abs=0.006)
    assert kept[0] == 0 and np.abs(np.diff(kept[:24])).max() < 0.05, "no click at the start"


def test_the_pause_is_longer_after_a_full_stop_than_after_a_comma_or_a_word() -> None:
    assert pause_after('he said "stop." ') > pause_after("well, ") > pause_after("and then") > 0
