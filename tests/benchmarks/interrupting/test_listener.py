"""The levels of a reply in a recording, and its last word in a transcript."""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Samples
from benchmarks.interrupting.listener import as_heard, heard_around, last_word

RATE = 48_000
SAID = "In winter it is covered with ice, and it is closed."


def reply(length_s: float = 8.0) -> Samples:
    """Noise with the rhythm of words, and pauses."""
    at = np.arange(round(length_s * RATE)) / RATE
    envelope = np.clip(np.sin(2 * np.pi * 2.5 * at) + 0.3, 0, 1) * ((at % 2.0) > 0.3)
    return (0.2 * envelope * np.random.default_rng(0).standard_normal(len(at))).astype(np.float32)


def recorded(duck_s: float | None, cut_s: float | None, onset_s: float = 5.0) -> Samples:
    """A recording of 12 s in which the reply begins at 2, is ducked and cut so long after the onset, with noise."""
    sound = np.zeros(12 * RATE, np.float32)
    sound[2 * RATE : 10 * RATE] = reply()
    if duck_s is not None:
        sound[round((onset_s + duck_s) * RATE) :] *= 0.25
    if cut_s is not None:
        sound[round((onset_s + cut_s) * RATE) :] = 0
    return sound + np.random.default_rng(1).normal(0, 1e-4, len(sound)).astype(np.float32)


def test_the_moments_at_which_the_voice_is_lower_and_silent_are_found() -> None:
    around = heard_around(recorded(0.28, 0.7), reply(), 5.0)
    assert around is not None
    assert around.ducked_s() == pytest.approx(0.28, abs=0.04)
    assert around.silent_s() == pytest.approx(0.7, abs=0.04)
    in_a_pause = heard_around(recorded(0.1, 0.5), reply(), 5.0)
    assert in_a_pause is not None
    assert in_a_pause.silent_s() == pytest.approx(0.42, abs=0.04), "the last sound was heard before"


def test_a_pause_between_words_is_no_silence_and_other_sound_is_not_compared() -> None:
    around = heard_around(recorded(None, None), reply(), 5.0)
    assert around is not None
    assert (around.ducked_s(), around.silent_s()) == (None, None)
    restored = heard_around(recorded(0.1, None), reply(), 5.0)
    assert restored is not None
    assert restored.silent_s() is None
    other = np.random.default_rng(3).standard_normal(8 * RATE).astype(np.float32)
    assert heard_around(recorded(None, None), other, 5.0) is None


def test_what_the_page_turns_down_or_mutes_is_heard_so() -> None:
    heard = as_heard(np.ones(4 * RATE, np.float32), [(1.0, 0.25), (1.5, 0.0), (2.0, 1.0), (3.0, 0.0)])
    assert [heard[round(at * RATE)] for at in (0.5, 1.2, 1.8, 2.5, 3.5)] == [1, 0.25, 0, 1, 0]


@pytest.mark.parametrize(
    ("transcript", "number"),
    [
        ("In winter it is", 4),
        ("in winter it's covered with", 6),
        ("In winter, it is covered with eyes and it is", 10),
        ("In summer it is covered", 5),
        ("", 0),
        (SAID, 11),
    ],
)
def test_the_last_word_that_was_heard_is_found(transcript: str, number: int) -> None:
    assert last_word(transcript, SAID) == number
