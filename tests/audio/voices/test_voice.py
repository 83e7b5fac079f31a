"""The real TTS model: intelligible speech, word times, and any input text.

Also tests `phrase_cache.py` and `synthesis.py`.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.chunk import HEARING_RATE_HZ
from audio.resample import resample_whole
from audio.transcribe import Transcriber
from audio.voice_timing import written_words
from audio.voices.phrase_cache import CACHED_PHRASES
from audio.voices.synthesis import MAX_PHONEMES, Synthesis
from audio.voices.voice import Synthesizer

PHRASES = ("I can see a red cup on the left. ", "The sign says EXIT 42, ", "Dr. Smith paid 10% at 9:05.")


@pytest.mark.parametrize("phrase", PHRASES)
def test_speech_begins_at_once_and_ends_with_a_pause(voice: Synthesizer, phrase: str) -> None:
    samples = voice.say(phrase)
    assert samples.dtype == np.float32 and voice.rate == 24_000
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-45 / 20))
    assert loud[0] / voice.rate < 0.03
    assert 0.1 < (len(samples) - loud[-1]) / voice.rate < 0.4
    assert 0.1 < np.abs(samples).max() < 1


def test_every_written_word_has_its_time(voice: Synthesizer) -> None:
    for phrase in PHRASES:
        spoken = voice.spoken(phrase)
        assert spoken.exact, "the graph returns its durations"
        assert [word.word for word in spoken.words] == written_words(phrase)
        times = [time for word in spoken.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times) and times[0] >= 0 and times[-1] <= len(spoken.samples) / voice.rate


def test_the_words_heard_until_a_cut_are_those_that_asr_recognises(
    voice: Synthesizer, transcriber: Transcriber
) -> None:
    phrase = "There is a yellow umbrella beside the window and a bicycle near the wooden fence."
    spoken = voice.spoken(phrase)
    for place, last, following in ((4, "umbrella", "beside"), (7, "window", "and"), (10, "bicycle", "near")):
        cut_s = spoken.words[place].end_s
        sound = resample_whole(spoken.samples[: round(cut_s * voice.rate)], voice.rate, HEARING_RATE_HZ)
        heard = re.findall(r"\w+", transcriber.transcribe(sound).text.lower())
        assert spoken.heard(cut_s).split()[-1] == heard[-1] == last
        assert following not in heard


def test_times_are_in_proportion_to_letters_if_the_graph_has_no_durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.voices.synthesis.PHONEME_ENDS", "/no_such_tensor")
    plain = Synthesis(threads=1)
    assert not plain.exact
    [reading] = plain.read("A red cup on the left.")
    samples, words = plain.sound(reading)
    assert [word.word for word in words] == ["A", "red", "cup", "on", "the", "left."]
    assert 0 < words[0].start_s < words[-1].end_s < len(samples) / 24_000


@pytest.mark.parametrize("phrase", ["", " \n", "🙂", "...", "***", "—"])
def test_text_without_words_gives_no_sound(voice: Synthesizer, phrase: str) -> None:
    spoken = voice.spoken(phrase)
    assert len(spoken.samples) == 0
    assert len(spoken.words) == len(phrase.split())


@pytest.mark.parametrize(
    "phrase", ["12345 $%^ &@", "Привет 你好 мир ok", "\x00\x01 a", "x" * 300, "[a](/b/) c", "1/0 -0.5e3 £", "ﬁ½²③ a"]
)
def test_odd_characters_are_spoken(voice: Synthesizer, phrase: str) -> None:
    assert len(voice.say(phrase)) > 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=25))
def test_any_text_can_be_spoken(phrase: str) -> None:
    spoken = SHARED.spoken(phrase)
    assert np.isfinite(spoken.samples).all()
    assert [word.word for word in spoken.words] == written_words(phrase)


SHARED = Synthesizer(threads=1)


def test_plain_letters_are_spoken_if_the_pronunciation_rules_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_text: str) -> str:
        raise KeyError("a rule of the package")

    expected = SHARED.say("plain words")
    monkeypatch.setattr("audio.voices.synthesis.normalize", fail)
    np.testing.assert_array_equal(Synthesizer(threads=1).say("plain words"), expected)


def test_long_text_is_synthesised_in_parts(voice: Synthesizer) -> None:
    parts = SHARED._synthesis.read("many small words, " * 60)
    assert len(parts) > 2
    assert all(sum(len(reading.phonemes) for reading in part) <= MAX_PHONEMES for part in parts)
    assert all(part[-1].word.endswith(",") for part in parts), "cut at clauses"


def test_the_same_phrase_gives_the_same_sound_and_is_cached(voice: Synthesizer) -> None:
    first = voice.spoken("Hello there.")
    assert voice.spoken("Hello there.") is first
    with pytest.raises(ValueError, match="read-only"):
        first.samples[0] = 1
    for number in range(CACHED_PHRASES):
        voice.say(f"{number}")
    again = voice.spoken("Hello there.")
    assert again is not first, "the cache is bounded"
    np.testing.assert_array_equal(again.samples, first.samples)
