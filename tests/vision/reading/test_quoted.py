"""Cleaning of OCR text before it is quoted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.reading.quoted import MAX_LENGTH, cleaned


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("  EXIT \n\t 42 ", "EXIT 42"),
        ("ＥＸＩＴ：４２", "EXIT:42"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("safe\u202egnp.exe\u200b", "safegnp.exe"),
        ("say “no”", 'say "no"'),
        ("出口 42", "出口 42"),
        ("", ""),
    ],
)
def test_control_characters_and_odd_spaces_are_removed(read: str, expected: str) -> None:
    assert cleaned(read) == expected


@given(st.text(max_size=600))
def test_cleaned_text_is_one_short_visible_line(read: str) -> None:
    text = cleaned(read)
    assert len(text) <= MAX_LENGTH
    assert not any(unicodedata.category(letter).startswith("C") for letter in text)
    assert text == " ".join(text.split())
    assert not set(text) & set("“”")
    assert cleaned(text) == text
