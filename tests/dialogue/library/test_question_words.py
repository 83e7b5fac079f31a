"""The words of a question by which documents are searched."""

from __future__ import annotations

import pytest

from dialogue.library.question_words import MOST_WORDS, question_words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Can you tell me what the notice period is, please?", ["notice", "period"]),
        ("How much is the electricity bill?", ["electricity", "bill"]),
        ("What does E20 mean?", ["e20", "mean"]),
        ("What is it?", []),
        ('" OR 1=1 -- NEAR(', ["1", "near"]),
    ],
)
def test_function_words_are_left_out(question: str, words: list[str]) -> None:
    assert question_words(question) == words


def test_a_long_question_has_a_bound() -> None:
    assert len(question_words(" ".join(f"word{number}" for number in range(1000)))) == MOST_WORDS
