"""The dated sentences of a text, in order of time: a timeline. Pure.

Read are dates as on papers (`dialogue.text.dates`) from the year 1000 on, months such as May 1912, days such as 3 May,
which belong to the year that was named last, and years. Where a date is two, with another order of day and month, the
year counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dialogue.library.cutting import sentences_of
from dialogue.library.passage import Section
from dialogue.text.dates import MONTHS, dates_of, month_number

EARLIEST = 1000
_MONTH = rf"(?P<month>{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in (*MONTHS, 'Sept'))})\b\.?"
_YEAR = r"(?:1\d{3}|20\d{2}|2100)"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_MONTH_OF_YEAR = re.compile(rf"\b{_MONTH},? (?P<year>{_YEAR})\b", re.I)
_DAY_OF_MONTH = (
    re.compile(rf"(?<![\d.])\b(?P<day>{_DAY}) (?:of )?{_MONTH}", re.I),
    re.compile(rf"\b{_MONTH} (?P<day>{_DAY})\b", re.I),
)
_YEAR_ALONE = re.compile(rf"(?<![\d.])\b(?P<year>{_YEAR})\b")
_NO_YEAR_AFTER = re.compile(
    r"\s*(?:%|percent|euros?|dollars?|pounds?|metres?|meters?|miles|kilo\w*|people|pages)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Dated:
    """`date` is (year, month, day); month and day are 0 where the text does not say. `text` is a sentence."""

    date: tuple[int, int, int]
    place: str
    text: str


def timeline_of(sections: Iterable[Section]) -> list[Dated]:
    """The sentences with dates, the earliest first; of one day in the order of the text."""
    return sorted(_dated(sections), key=lambda each: each.date)


def date_in_words(date: tuple[int, int, int]) -> str:
    """ "3 May 1912", "May 1912", "1912"."""
    year, month, day = date
    return " ".join(filter(None, (str(day or ""), MONTHS[month - 1] if month else "", str(year))))


def _dated(sections: Iterable[Section]) -> Iterator[Dated]:
    last_year = 0
    for section in sections:
        for words in sentences_of(section.text):
            sentence = " ".join(words)
            date = _read(sentence, last_year)
            if date is not None:
                last_year = date[0]
                yield Dated(date, section.place, sentence)


def _read(sentence: str, last_year: int) -> tuple[int, int, int] | None:
    """The date in the clearest form."""
    for whole in dates_of(sentence, EARLIEST):
        return (whole.day.year, 0, 0) if whole.other is not None else (whole.day.year, whole.day.month, whole.day.day)
    if month := _MONTH_OF_YEAR.search(sentence):
        return int(month["year"]), month_number(month["month"]), 0
    days = [found for pattern in _DAY_OF_MONTH if (found := pattern.search(sentence))]
    if last_year and days:
        number = re.match(r"\d+", days[0]["day"])
        assert number is not None, "a day begins with digits"
        return last_year, month_number(days[0]["month"]), int(number[0])
    for year in _YEAR_ALONE.finditer(sentence):
        if not _NO_YEAR_AFTER.match(sentence[year.end() :]):
            return int(year["year"]), 0, 0
    return None
