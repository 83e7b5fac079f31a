"""Parts of a page, shown one after the other, become the whole page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vision.reading.page_stitching import FORGOTTEN_S, PageStitcher

PAGE = [
    "Dear Mrs Miller,",
    "thank you for your order of 3 November 2026.",
    "The parcel was handed to the carrier on Monday",
    "and should reach you within three working days.",
    "If nobody is at home, it is left with a neighbour",
    "or taken to the shop in Station Road 14.",
    "Returns are free of charge for thirty days.",
    "Please keep the label that came with the parcel.",
    "Questions are answered by telephone every day",
    "between nine in the morning and six in the evening.",
    "Kind regards, your bookshop",
]


def rows(first: int, last: int, score: float = 0.9) -> list[tuple[str, float]]:
    return [(row, score) for row in PAGE[first:last]]


@given(st.integers(3, 6), st.integers(1, 2), st.booleans())
def test_overlapping_parts_become_the_page_in_either_direction(height: int, common: int, upwards: bool) -> None:
    starts = [*range(0, max(1, len(PAGE) - height), height - common), max(0, len(PAGE) - height)]
    page = PageStitcher()
    for number, start in enumerate(reversed(starts) if upwards else starts):
        page.read(rows(start, start + height), number * 2.0)
        page.read([], number * 2.0 + 1)  # blurred while it moves
    assert page.rows == PAGE


def test_the_surer_reading_of_a_row_stays() -> None:
    page = PageStitcher()
    page.read([("Dear Mrs Mi1ler,", 0.7), *rows(1, 5)], 0.0)
    page.read([*rows(0, 4), ("and something e1se", 0.1)], 1.0)
    assert page.rows[:5] == PAGE[:5]
    page.read([("Dear Mrs Mi1ler,", 0.7), *rows(1, 5)], 2.0)
    assert page.rows[0] == PAGE[0]


def test_another_page_and_a_later_time_begin_again() -> None:
    page = PageStitcher()
    page.read(rows(0, 5), 0.0)
    page.read([("EXIT 42", 0.9)], 1.0)
    assert page.rows == ["EXIT 42"]
    page.read(rows(0, 3), 2.0)
    page.read(rows(1, 4), 3.0 + FORGOTTEN_S)
    assert page.rows == PAGE[1:4]
