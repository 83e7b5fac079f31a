"""Questions that are whole as they stand, and beginnings that are not."""

from __future__ import annotations

import pytest

from dialogue.requests.whole_question import is_whole_question


@pytest.mark.parametrize(
    "text",
    [
        "What time is it?",
        "What does the sign say?",
        "how many chairs are there",
        "Okay, what is seven times eight?",
        "I bought it yesterday. Can you read it to me?",
        "Please tell me what time it is.",
        "Thank you.",
        "Read me the letter.",
        "Go on reading.",
    ],
)
def test_a_question_that_a_rule_answers_is_whole(text: str) -> None:
    assert is_whole_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "How many chairs are",
        "What is seven times",
        "Can you tell me what",
        "What time is it? And could you also",
        "Tell me a story about my grandmother's",
        "What is written on the",
        "what time is it " * 40,
    ],
)
def test_a_beginning_is_not(text: str) -> None:
    assert not is_whole_question(text)
