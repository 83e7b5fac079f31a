"""Rows of lines, on a straight sheet and on one that is held askew."""

from __future__ import annotations

import pytest

from vision.reading.text_line import TextLine, page_text, rows_of


def line(text: str, left: float, level: float, slope: float) -> TextLine:
    middle = level + slope * (left + 0.1)
    return TextLine(text, 0.9, (left, middle - 0.02, left + 0.2, middle + 0.02), slope)


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.15])
def test_rows_follow_the_slope_of_the_sheet(slope: float) -> None:
    lines = [
        line(text, left, level, slope) for text, left, level in (("d", 0.7, 0.4), ("a", 0.1, 0.3), ("b", 0.7, 0.3))
    ]
    lines.append(line("c", 0.1, 0.4, slope))
    assert ["".join(each.text for each in row) for row in rows_of(lines)] == ["ab", "cd"]


def test_no_lines_are_no_rows() -> None:
    assert rows_of([]) == []


def test_long_lines_of_a_turned_page_are_rows_of_their_own() -> None:
    """Each falls by more than the step to the next one."""
    lines = [TextLine(text, 0.9, (0.1, 0.1 * row, 0.9, 0.1 * row + 0.16), 0.14) for row, text in enumerate("abc")]
    assert page_text(lines) == "a\nb\nc"
