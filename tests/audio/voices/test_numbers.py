"""Figures as a Chinese speaker reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.voices.numbers import DIGITS, digit_by_digit, in_chinese_words, number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0", "零"),
        ("10", "十"),
        ("12", "十二"),
        ("110", "一百一十"),
        ("101", "一百零一"),
        ("1001", "一千零一"),
        ("10000", "一万"),
        ("20305", "二万零三百零五"),
        ("100010000", "一亿零一万"),
        ("007", "零零七"),
    ],
)
def test_whole_numbers(written: str, said: str) -> None:
    assert number(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("现在15:05", "现在十五点零五分"),
        ("9:00开门", "九点整开门"),
        ("2025年11月29日", "二零二五年十一月二十九日"),
        ("打折20%", "打折百分之二十"),
        ("¥12.50", "十二点五零元"),
        ("2个人和12只猫", "两个人和十二只猫"),
        ("外面-3度", "外面-三度"),
        ("电话13800138000", "电话一三八零零一三八零零零"),
        ("没有数字", "没有数字"),
    ],
)
def test_figures_in_sentences(written: str, said: str) -> None:
    assert in_chinese_words(written) == said


@given(st.integers(0, 10**16 - 1))
def test_a_number_reads_back(value: int) -> None:
    """The words are turned into a number again by the definition of the places."""
    assert _value(number(str(value))) == value


def _value(words: str) -> int:
    total, group, digit = 0, 0, 0
    for character in words.replace("万亿", "兆"):
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character in "十百千":
            group += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
        else:
            size = {"万": 10**4, "亿": 10**8, "兆": 10**12}[character]
            total += (group + digit) * size
            group = digit = 0
    return total + group + digit


def test_digits_one_by_one() -> None:
    assert digit_by_digit("2025") == "二零二五"
