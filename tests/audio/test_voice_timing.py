"""Times of written words where writing and reading differ."""

from __future__ import annotations

import numpy as np
import pytest

from audio.voice_timing import SoundingWord, SpokenPhrase, WordTime, align_words, times_by_length


def test_time_is_divided_in_proportion_to_letters() -> None:
    assert times_by_length(["ab", "abcd,"], 1.0, 4.0) == (WordTime("ab", 1.0, 2.0), WordTime("abcd,", 2.0, 4.0))
    assert times_by_length([], 0, 1) == ()


def test_words_read_as_written_keep_their_times() -> None:
    times = align_words(["Hello,", "you!"], [SoundingWord("hello", 0.1, 0.5), SoundingWord("you", 0.7, 1.0)])
    assert times == (WordTime("Hello,", 0.1, 0.5), WordTime("you!", 0.7, 1.0))


def test_a_rewritten_stretch_has_the_time_of_its_reading() -> None:
    read = [
        SoundingWord(word, place * 0.5, place * 0.5 + 0.4)
        for place, word in enumerate(["at", "nine", "oh", "five", "we", "eat"])
    ]
    times = align_words(["At", "9:05", "we", "eat"], read)
    assert [word.word for word in times] == ["At", "9:05", "we", "eat"]
    assert (times[1].start_s, times[1].end_s) == (0.4, 1.9)
    assert times[2].start_s == 2.0


def test_a_word_that_is_not_read_takes_no_time() -> None:
    times = align_words(["Ok", "🙂", "now"], [SoundingWord("ok", 0.0, 0.3), SoundingWord("now", 0.4, 0.8)])
    assert times[1] == WordTime("🙂", 0.3, 0.3)
    assert align_words(["🙂"], []) == (WordTime("🙂", 0.0, 0.0),)


@pytest.mark.parametrize(
    ("seconds", "heard"), [(0.0, ""), (0.49, ""), (0.5, "Hello,"), (0.9, "Hello,"), (9, "Hello,  you!")]
)
def test_only_complete_words_count_as_heard(seconds: float, heard: str) -> None:
    words = (WordTime("Hello,", 0.1, 0.5), WordTime("you!", 0.7, 1.0))
    assert SpokenPhrase("Hello,  you! ", np.zeros(10, np.float32), words, True).heard(seconds) == heard
