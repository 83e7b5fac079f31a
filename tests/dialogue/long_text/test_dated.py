"""Dates of usual spellings are read, and put in order; numbers that are no years are not."""

from __future__ import annotations

import pytest

from dialogue.library.passage import Section
from dialogue.long_text.dated import date_in_words, timeline_of


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("The mill burned on 12 March 1881. It opened again in May 1882.", ["12 March 1881", "May 1882"]),
        (
            "In 1910 it closed. On June 3 the owner left. On July 4th, 1909 he had come.",
            ["4 July 1909", "1910", "3 June 1910"],
        ),
        ("Signed 2024-02-29 by both.", ["29 February 2024"]),
        ("On 24.12.1913 it snowed. On 03/04/1911 it rained.", ["1911", "24 December 1913"]),
        ("It cost 1900 euros, and 1200 people came. He may 3 times.", []),
        ("Room 4711 and version 2.2010.", []),
    ],
)
def test_dates_are_in_order(text: str, dates: list[str]) -> None:
    found = sorted(timeline_of([Section("page 1", text)]), key=lambda each: each.date)
    assert sorted(date_in_words(each.date) for each in found) == sorted(dates)
    assert [each.date for each in found] == [each.date for each in timeline_of([Section("page 1", text)])]
