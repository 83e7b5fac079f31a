"""Spans of time, from words to seconds and back."""

from __future__ import annotations

import pytest

from dialogue.text.time_words import clock_time, seconds_in, span


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("five minutes", 300),
        ("90 seconds", 90),
        ("an hour", 3600),
        ("an hour and a half", 5400),
        ("one and a half hours", 5400),
        ("two and a half minutes", 150),
        ("half an hour", 1800),
        ("a quarter of an hour", 900),
        ("one hour and twenty five minutes", 5100),
        ("1 hour 10 minutes", 4200),
        ("twenty-five minutes", 1500),
        ("five-minute", 300),
        ("0.5 hours", 1800),
        ("45 sec", 45),
    ],
)
def test_spans_in_words_become_seconds(words: str, seconds: float) -> None:
    assert seconds_in(words) == seconds


@pytest.mark.parametrize(
    "words", ["", "minutes", "five", "a few minutes", "five apples", "ten minutes ago", "zero minutes"]
)
def test_other_words_are_no_span(words: str) -> None:
    assert seconds_in(words) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (300, "five minutes"),
        (5400, "one hour and thirty minutes"),
        (61, "one minute and one second"),
        (0.2, "one second"),
    ],
)
def test_seconds_become_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_seconds_become_a_clock_time() -> None:
    assert [clock_time(59), clock_time(725.4), clock_time(3725)] == ["0:59", "12:05", "1:02:05"]
