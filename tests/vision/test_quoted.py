from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.quoted import LONGEST, cleaned


@pytest.mark.parametrize(
    ("read", "told"),
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
def test_what_is_read_is_cleaned(read: str, told: str) -> None:
    assert cleaned(read) == told


@given(st.text(max_size=600))
def test_cleaned_text_is_one_short_visible_line(read: str) -> None:
    told = cleaned(read)
    assert len(told) <= LONGEST
    assert not any(unicodedata.category(letter).startswith("C") for letter in told)
    assert told == " ".join(told.split())
    assert not set(told) & set("“”")
    assert cleaned(told) == told
