"""The real ASR model on speech of two voices, on silence and on noise."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from audio.chunk import Samples
from audio.transcribe import WINDOW, Transcriber, cut_at_quiet, simplified
from stream.models.weights import WeightStore
from tests.audio.tone import noise, silence, sine
from tests.room_sounds import clipped_vowel, said

RATE = 16_000
Say = Callable[[str], Samples]

SENTENCES = (
    "What does the sign say?",
    "How many people are there?",
    "Please remind me to call my mother tomorrow morning.",
    "I bought three apples and two bottles of water.",
    "He asked whether the train to London had already left.",
    "Turn off the lights in the kitchen, please.",
    "Good morning, how are you?",
)


def clicks() -> Samples:
    """Eight seconds with a click of a millisecond every 0.3 s."""
    sound = silence(8, RATE).reshape(-1, RATE // 1000)
    sound[::300] = 0.8
    return sound.reshape(-1)


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]", "", text.lower().replace("-", " ")).split()


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Insertions, deletions and substitutions between two lists of words."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, 1):
        above, row[0] = row[0], place
        for column, other in enumerate(heard, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (word != other))
    return row[-1]


def error_rate(transcriber: Transcriber, speak: Say, noise_level: float = 0.0) -> float:
    wrong = total = 0
    for place, sentence in enumerate(SENTENCES):
        sound = speak(sentence)
        sound = sound + noise(len(sound) / RATE, RATE, noise_level, seed=place)[: len(sound)]
        wrong += word_errors(words(sentence), words(transcriber.transcribe(sound).text))
        total += len(words(sentence))
    return wrong / total


def test_the_product_voice_is_transcribed(transcriber: Transcriber, say: Say) -> None:
    assert error_rate(transcriber, say) <= 0.02
    assert error_rate(transcriber, say, noise_level=0.01) <= 0.06


def test_another_voice_is_transcribed(transcriber: Transcriber, espeak: Say) -> None:
    assert error_rate(transcriber, espeak) <= 0.08


def test_careful_transcription_gives_the_same_words(transcriber: Transcriber, say: Say) -> None:
    for sentence in SENTENCES[:2]:
        assert words(transcriber.transcribe(say(sentence), careful=True).text) == words(sentence)


@pytest.mark.parametrize("word", ["Yes.", "No.", "Stop.", "Left.", "Thank you.", "Seven."])
def test_a_single_word_is_transcribed_once(transcriber: Transcriber, say: Say, word: str) -> None:
    heard = transcriber.transcribe(say(word))
    assert [{"7": "seven"}.get(part, part) for part in words(heard.text)] == words(word)
    assert heard.no_speech < 0.7 and 0 < heard.confidence <= 1


def test_expected_words_are_taken_where_others_are_doubtful(weights: WeightStore) -> None:
    expecting = Transcriber(weights.path("whisper-tiny.en"), is_expected=lambda text: "bottle" in text)
    asked = np.pad(said("Where is the bottle?", "en-us+m7"), (4_800, 1_600))
    assert expecting.transcribe(asked).text == "Where is the bottle?"
    other = said("Tell me something about dogs.", "en-us+m7")
    assert "bottle" not in expecting.transcribe(other).text


@pytest.mark.parametrize("seconds", [0.3, 2.0, 8.0])
@pytest.mark.parametrize(
    "sound",
    [silence(8, RATE), noise(8, RATE, 0.0005), noise(8, RATE, 0.01), noise(8, RATE, 0.1), sine(100, 8, RATE, 0.1),
     clicks()],
    ids=["silence", "quiet room", "room", "loud noise", "hum", "clicks"],
)  # fmt: skip
def test_silence_and_noise_give_no_text(transcriber: Transcriber, sound: Samples, seconds: float) -> None:
    assert transcriber.transcribe(sound[: int(seconds * RATE)]).text == ""


@pytest.mark.parametrize("level", [0.0, 0.01, 0.1])
def test_noise_gives_no_text_when_careful(transcriber: Transcriber, level: float) -> None:
    assert transcriber.transcribe(noise(2, RATE, level), careful=True).text == ""


@pytest.mark.parametrize("count", [0, 1, 200, 1599])
def test_less_than_a_tenth_of_a_second_gives_no_text(transcriber: Transcriber, count: int) -> None:
    assert transcriber.transcribe(noise(1, RATE)[:count]).text == ""


def test_a_scrap_of_a_voice_is_no_word(transcriber: Transcriber) -> None:
    heard = 0.0005 * noise(0.8, RATE, 1.0)
    heard[5000:5960] += clipped_vowel(0.06)
    assert transcriber.transcribe(heard).text == ""


def test_more_than_thirty_seconds_are_transcribed_whole(transcriber: Transcriber, say: Say) -> None:
    text = " ".join(SENTENCES * 3)
    sound = np.concatenate([say(sentence) for sentence in SENTENCES * 3])
    assert len(sound) > 1.2 * WINDOW
    heard = words(transcriber.transcribe(sound).text)
    assert word_errors(words(text), heard) <= 0.05 * len(words(text))


def test_speech_before_a_long_silence_is_kept(transcriber: Transcriber, say: Say) -> None:
    sound = np.concatenate([say(SENTENCES[0]), silence(40, RATE)])
    assert words(transcriber.transcribe(sound).text) == words(SENTENCES[0])


def test_long_sound_is_cut_in_the_quiet_without_loss() -> None:
    sound = noise(100, RATE, 0.1)
    for pause in (25, 47, 70):
        sound[pause * RATE : pause * RATE + 3200] = 0
    pieces = cut_at_quiet(sound)
    np.testing.assert_array_equal(np.concatenate(pieces), sound)
    assert max(len(piece) for piece in pieces) <= WINDOW
    ends = np.cumsum([len(piece) for piece in pieces])[:3] / RATE
    assert ends == pytest.approx([25.1, 47.1, 70.1], abs=0.1)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no Whisper"):
        Transcriber(tmp_path)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("牌子上寫著什麼?", "牌子上写着什么?"),
        ("他拿著一本名著。", "他拿着一本名著。"),
        ("這是著名的書。", "这是著名的书。"),
    ],
)
def test_the_traditional_characters_are_converted(written: str, shown: str) -> None:
    assert simplified(written) == shown
