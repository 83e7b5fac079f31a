"""Finds dates and times in text that was read: "2026-11-20  17:42", "20.11.2026", "Nov 20, 2026", "20 NOV 26"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time

MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_MONTH = rf"(?P<month>{'|'.join(month[:3] for month in MONTHS)})[a-z]*\.?"
EARLIEST = 1900  # of years on papers and screens
_END = r"(?!\d|[:.]\d)"  # no more of a number
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s.-]*(?:of )?\b{_MONTH}[\s,.-]*(?P<year>\d{{4}}|\d{{2}}){_END}",
        rf"\b{_MONTH}\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s,]+(?P<year>\d{{4}})(?!\d)",
        rf"(?<![\d.,])(?P<a>\d{{1,2}})(?P<sign>[-/.])(?P<b>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}}){_END}",
    )
)
_DAY_OF_MONTH = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?{_MONTH}(?!\w)|\b{_MONTH.replace('month', 'name')} \d{{1,2}}(?!\d)",
    re.IGNORECASE,
)
_MOST_DAYS = 2
_TIME = re.compile(
    r"(?<![\d.:])(?P<h>\d{1,2})[:h](?P<min>\d{2})(?::\d{2})?\s?(?P<half>[ap]\.?m\b)?(?![\d:])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class DateRead:
    """A date as it was read, perhaps with a time. `other` is what it is if the month comes first, where both ways of
    reading "03/04/2026" are possible."""

    day: date
    at: time | None = None
    other: date | None = None

    @property
    def spoken(self) -> str:
        """ "20 November 2026", as far as it is certain."""
        return f"{self.day.day} {self.day:%B %Y}" if self.other is None else f"{self.day:%d/%m/%Y}"


def date_in(rows: Iterable[str]) -> DateRead | None:
    """The first date in the rows, with the time of day beside it or else the first one in them."""
    rows = list(rows)
    for row in rows:
        for found in dates_of(row):
            at = time_in([row]) or time_in(rows)
            return DateRead(found.day, at, found.other)
    return None


def dates_of(text: str, earliest: int = EARLIEST) -> Iterator[DateRead]:
    """The dates in a text from the year `earliest` on, those in the clearest form first."""
    for pattern in _WRITTEN:
        for found in pattern.finditer(text):
            if (dated := _dated(found, earliest)) is not None:
                yield dated


def days_read(texts: Iterable[str]) -> list[DateRead]:
    """Each day that is in the texts with its year, once."""
    return list({found.day: found for text in texts for found in dates_of(text)}.values())


def days_in(texts: Iterable[str]) -> list[str]:
    """The rows of texts that name a day of a month, with or without the year; at most two."""
    rows = [row.replace(" | ", " ") for text in texts for row in text.split("\n")]
    return [row for row in rows if _DAY_OF_MONTH.search(row) or next(dates_of(row), None)][:_MOST_DAYS]


def month_number(name: str) -> int:
    """1 to 12, by the first three letters."""
    return next(number for number, month in enumerate(MONTHS, 1) if month[:3].lower() == name[:3].lower())


def time_in(rows: Iterable[str]) -> time | None:
    """The first time of day in the rows."""
    for row in rows:
        for found in _TIME.finditer(row):
            hour, minute, half = int(found["h"]), int(found["min"]), (found["half"] or "").lower()
            if half and 1 <= hour <= 12:
                hour = hour % 12 + (12 if half.startswith("p") else 0)
            if hour < 24 and minute < 60:
                return time(hour, minute)
    return None


def _dated(found: re.Match[str], earliest: int) -> DateRead | None:
    named = found.groupdict()
    year = int(named["year"])
    year += 2000 if year < 100 else 0
    if named.get("a"):
        a, b = int(named["a"]), int(named["b"])
        ways = [day for day in (_day(year, b, a, earliest), _day(year, a, b, earliest)) if day is not None]
        if not ways:
            return None
        return DateRead(ways[0], other=ways[1] if len(set(ways)) > 1 else None)
    month = int(named["m"]) if named.get("m") else month_number(named["month"])
    day = _day(year, month, int(named["d"]), earliest)
    return DateRead(day) if day is not None else None


def _day(year: int, month: int, day: int, earliest: int) -> date | None:
    try:
        return date(year, month, day) if earliest <= year < 2200 else None
    except ValueError:
        return None
