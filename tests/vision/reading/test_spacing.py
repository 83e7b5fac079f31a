"""Spaces in the gaps of a line, from the places of its letters."""

from __future__ import annotations

import pytest

from vision.reading.spacing import with_gaps


@pytest.mark.parametrize(
    ("text", "steps", "spaced"),
    [
        ("2026-11-2017:42", [3, 2, 3, 2, 3, 2, 2, 3, 3, 5, 3, 2, 2, 3], "2026-11-20 17:42"),
        ("2026-11-20 17:42", [3, 2, 3, 2, 3, 2, 3, 2, 2, 5, 3, 2, 2, 2], "2026-11-20 17:42"),
        ("DestinationTime", [3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 9, 2, 3, 2], "Destination Time"),
        ("WWW MMM", [4, 5, 6, 3, 4], "WWW MMM"),
        ("A1B2", [4, 5, 4], "A1B2"),
        ("two tablets with a", [2, 1, 2, 1, 2, 2, 1, 2, 9, 2, 2, 1, 2, 3], "two tablets with a"),
        ("tablets", [1, 1, 1, 1, 1, 4], "tablets"),  # small print: the steps are coarse
        ("7", [], "7"),
        ("", [], ""),
    ],
)
def test_wide_steps_are_gaps(text: str, steps: list[int], spaced: str) -> None:
    columns = [sum(steps[:n]) for n in range(len(steps) + 1)] if text else []
    assert with_gaps(text, columns) == spaced


def test_places_that_do_not_belong_to_the_text_change_nothing() -> None:
    assert with_gaps("2026-11-2017:42", [1, 2, 3]) == "2026-11-2017:42"
