"""Which words were heard, where text and sound come side by side."""

from __future__ import annotations

import numpy as np

from stream.playout.playback import Playback
from stream.playout.speech_text_alignment import LETTERS_PER_S, SpeechTextAlignment

RATE = 1000


def sound(seconds: float) -> np.ndarray:
    return np.ones(round(seconds * RATE), np.float32)


def test_words_are_dealt_out_with_the_sound_and_none_is_lost() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve"
    alignment, pieces = SpeechTextAlignment(), []
    alignment.write(text)
    for _ in range(3):
        pieces.append(alignment.piece(sound(0.5), RATE))
    pieces.append(alignment.end(sound(0.1), RATE))
    assert "".join(piece.text for piece in pieces) == text
    for number in range(3):
        said = sum(len(each.text) for each in pieces[: number + 1])
        assert 0.5 * LETTERS_PER_S * (number + 1) - 8 < said <= 0.5 * LETTERS_PER_S * (number + 1)


def test_sound_before_its_text_says_nothing_yet() -> None:
    alignment = SpeechTextAlignment()
    assert alignment.piece(sound(2.0), RATE).text == ""
    alignment.write("late")
    assert alignment.end(sound(0.1), RATE).text == "late"


def test_what_was_heard_is_told_in_whole_words() -> None:
    alignment, playback = SpeechTextAlignment(), Playback(RATE)
    alignment.write("hello there my friend ")
    playback.start(1)
    playback.open(1)
    playback.add(1, alignment.piece(sound(1.4), RATE))
    playback.pull(700)
    heard = playback.heard_characters(1, delay_s=0.0)
    assert "hello there my friend "[:heard] in ("hello ", "hello there ")
