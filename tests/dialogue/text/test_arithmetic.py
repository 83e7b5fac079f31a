"""Sums in words and figures. Also tests `plain_words.py`."""

from __future__ import annotations

import pytest

from dialogue.text.arithmetic import result
from dialogue.text.plain_words import plain


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("the sum of nineteen and twenty three", "42"),
        ("What is five plus three?", "8"), ("12 * 7", "84"), ("half of thirty", "15"), ("10 divided by 4", "2.5"),
        ("what is twenty five times four", "100"), ("two hundred and five minus one", "204"),
        ("7 over 3", "about 2.333"),
        ("What is 10 percent of 250?", "25"), ("What is 10% of 250?", "25"),
        ("one hundred thousand plus one", "100001"),
        ("3 x 4", "12"), ("what is 2 + 2 * 3", "8"), ("how much is 7 minus 10", "-3"), ("1.5 plus 1.5", "3"),
        ("nine times nine is", "81"), ("5 / 0", "undefined: nothing can be divided by zero"), ("calculate 6-2", "4"),
        ("what is five squared", "25"), ("three cubed", "27"), ("two to the power of eight", "256"),
    ],
)  # fmt: skip
def test_sums(asked: str, value: str) -> None:
    assert result(plain(asked)) == value


@pytest.mark.parametrize(
    "asked",
    [
        "five", "what is love", "one for all", "what is the number of the beast", "two and", "3 4", "plus", "5 +",
        "I have two dogs", "2024", "one two three", "9" * 400 + " * " + "9" * 400, "__import__ * 3",
        "the square of love",
    ],
)  # fmt: skip
def test_other_words_are_no_sum(asked: str) -> None:
    assert result(plain(asked)) is None


@pytest.mark.parametrize(
    ("sum_", "value"),
    [
        ("2 ^ 10", "1024"), ("-2^2", "-4"), ("2^3^2", "512"), ("2 ** -1", "0.5"), ("(1 + 1) ^ 2", "4"),
        ("2 * -3", "-6"),
        ("0 ^ -1", "undefined: nothing can be divided by zero"),
        ("9^9^9", None), ("10 ^ 1000000", None), ("2 ^ 0.5", None), ("2 ^", None), ("^ 2", None), ("10^16", None),
    ],
)  # fmt: skip
def test_powers(sum_: str, value: str | None) -> None:
    assert result(sum_) == value
