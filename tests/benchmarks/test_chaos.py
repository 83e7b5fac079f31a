"""The share of words that were understood."""

from __future__ import annotations

from benchmarks.chaos import share_understood


def test_words_count_wherever_they_are_written() -> None:
    asked = ["What does the sign say?", "Is there a cup?"]
    assert share_understood(asked, ["What does the sign say?", "Is there a cup?"]) == 1.0
    assert share_understood(asked, ["what does the sign", "say is there a cup"]) == 1.0
    assert share_understood(asked, ["What does the sign say?"]) == 5 / 9
    assert share_understood(asked, []) == 0.0
    assert share_understood(["the the"], ["the"]) == 0.5
