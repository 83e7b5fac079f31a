"""Hallucinated and looping transcripts, with probabilities that tiny.en really returned."""

from __future__ import annotations

import pytest

from audio.hallucination import is_hallucination, is_looping, without_loops


@pytest.mark.parametrize(
    ("text", "no_speech", "mean_log"),
    [("you", 0.90, -0.86), ("You", 0.61, -2.47), ("Thank you.", 0.9, -0.9), ("...", 0.1, -0.1), ("mm hm", 0.9, -1.2)],
)
def test_text_of_noise_is_a_hallucination(text: str, no_speech: float, mean_log: float) -> None:
    assert is_hallucination(text, no_speech, mean_log)


@pytest.mark.parametrize(
    ("text", "no_speech", "mean_log"),
    [("Thank you.", 0.63, -0.44), ("Yes.", 0.74, -0.94), ("No.", 0.72, -1.23), ("What is this?", 0.85, -0.4)],
)
def test_text_of_unclear_speech_is_kept(text: str, no_speech: float, mean_log: float) -> None:
    assert not is_hallucination(text, no_speech, mean_log)


def test_loops_are_detected_and_cut() -> None:
    loop = "I don't know. " * 12
    assert is_looping(loop, 10)
    assert without_loops(loop).strip() == "I don't know."
    assert without_loops("Left. Left. Left. Left.") == "Left."
    assert not is_looping("No, no, I said the left one, the left one by the door.", 4)


def test_thirty_words_a_second_are_a_loop() -> None:
    assert is_looping(" ".join(f"word{n}" for n in range(30)), 1.0)
