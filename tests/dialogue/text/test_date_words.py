"""Days and times as people say them."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialogue.text.date_words import on_the_day

NOW = datetime(2026, 3, 2, 9, 5)  # a Monday


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 3, 2, 0, 1), "today at 0:01"),
        (datetime(2026, 3, 1, 17, 40), "yesterday at 17:40"),
        (datetime(2026, 2, 28, 9, 0), "on Saturday at 9:00"),
        (datetime(2026, 2, 24, 9, 0), "on Tuesday at 9:00"),
        (datetime(2026, 2, 23, 9, 0), "on February 23 at 9:00"),
        (datetime(2025, 12, 24, 18, 30), "on December 24, 2025, at 18:30"),
    ],
)
def test_a_moment_is_named_by_its_day(moment: datetime, said: str) -> None:
    assert on_the_day(moment, NOW) == said
