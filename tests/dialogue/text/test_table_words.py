"""Tables in words: names with their values, headings with their columns."""

from __future__ import annotations

import pytest

from dialogue.text.table_words import table_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EXIT 42", "EXIT 42"),
        ("MARKET\nMilk | 1.35\nTOTAL | 1.35", "MARKET; Milk: 1.35; TOTAL: 1.35"),
        ("| Adult | Child\nMorning | 9 | 4\nEvening | 12 |  ", "Morning: Adult 9, Child 4; Evening: Adult 12"),
        ("Monday | Tuesday\nArt | Music\nsee note", "Monday: Tuesday; Art: Music; see note"),
        ("Line | To | Leaves\nS1 | Airport | 14:05", "Line S1: To Airport, Leaves 14:05"),
        ("a | b", "a | b"),
    ],
)
def test_rows_become_words(text: str, words: str) -> None:
    assert table_words(text) == words
