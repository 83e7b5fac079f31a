"""What is asked of a long text differs from questions about it, and how long it takes is estimated.

Also tests `estimate.py`.
"""

from __future__ import annotations

import pytest

from dialogue.long_text.estimate import estimate_s, in_words
from dialogue.long_text.requests import SUM_UP, question_and_text, request_in


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Summarize it.", "summary"),
        ("please sum up the text", "summary"),
        ("Can you summarise the document for me?", "summary"),
        ("Sum it up.", "summary"),
        ("What is this about?", "summary"),
        ("What does the summary say?", "question"),
        ("Who sums up?", "question"),
        ("Timeline", "timeline"),
        ("Make a timeline of it.", "timeline"),
        ("List the events in order of time", "timeline"),
        ("When?", "question"),
        ("Show the chapters", "chapters"),
    ],
)
def test_what_is_asked_for(words: str, wanted: str) -> None:
    assert request_in(words) == wanted


def test_the_time_is_estimated_before() -> None:
    assert estimate_s(["x" * 3000] * 500, 10.0) == pytest.approx(500 * (100 + 60) / 10)
    assert [in_words(seconds) for seconds in (8000, 65, 14, 3600)] == [
        "2 hours and 13 minutes",
        "1 minute",
        "10 seconds",
        "1 hour",
    ]


@pytest.mark.parametrize(
    ("message", "question", "text"),
    [
        ("A long tale.\n\nIt ends.\n\nWho inherits?", "Who inherits?", "A long tale.\n\nIt ends."),
        ("Who inherits?\n\n" + "A tale. " * 80, "Who inherits?", ("A tale. " * 80).strip()),
        ("A tale. " * 80 + "\nWho inherits?", "Who inherits?", ("A tale. " * 80).strip()),
        ("A tale. " * 80, SUM_UP, "A tale. " * 80),
    ],
)
def test_the_question_stands_beside_the_text(message: str, question: str, text: str) -> None:
    assert question_and_text(message) == (question, text)
    assert request_in(SUM_UP) == "summary"
