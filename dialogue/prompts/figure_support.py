"""Whether the figures in a reply are of what it says they are, by the rows of text in view. Pure.

That a number stands in a text does not make it the answer: a model that finds none takes the next best one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Sequence

from dialogue.text.grammar import number_word
from dialogue.text.plain_words import core, plain
from dialogue.text.word_stems import is_in

_QUOTED = re.compile(r"“([^”]*)”")
_NUMBER = re.compile(r"\d+(?:[.:,]\d+)*")
_AMOUNT = re.compile(r"\d+[.,]\d{2}")
# Rows that name no thing that is sold: their figures answer questions in other words.
_QUANTITY = re.compile(r"(\d{1,2}) ?[x×]? (?=[^\W\d_]{3}.*\d[.,]\d\d)", re.IGNORECASE)  # "2 Bagels: 4.40"
_FIELDS = re.compile(
    r"\b(?:(?:sub-?)?total|sum|net|due|to pay|price|amount|cash|card|change|paid|tax|vat|fare|balance)\b", re.I
)
_SPAN = re.compile(
    r"\b(\d+) (second|minute|hour|day|week|month|year|(?:square |cubic )?(?:kilo|centi|milli)?met(?:re|er)|mile"
    r"|kilo(?:gram)?|gram|lit(?:re|er)|degree|percent)s?\b"
)
_SHORT_UNITS = {
    "second": "s|sec",
    "minute": "min|m",
    "hour": "h|hr",
    "day": "d",
    "month": "mo",
    "year": "y|yr",
    "metre": "m",
    "meter": "m",
    "square metre": "m2|m²|sqm",
    "square meter": "m2|m²|sqm",
    "kilometre": "km",
    "kilometer": "km",
    "centimetre": "cm",
    "centimeter": "cm",
    "millimetre": "mm",
    "millimeter": "mm",
    "kilo": "kg",
    "kilogram": "kg",
    "gram": "g",
    "litre": "l",
    "liter": "l",
    "degree": "°|c",
    "percent": "%",
}
# The number of something, or a time, of which a text has to speak.
_ASKS_ELSE = re.compile(
    r"\b(?!the |what |which |any |that |this |whose )([a-z]{3,}) number\b"
    r"|\b(?:last|next) (year|month|week)\b|\b(yesterday|tomorrow|usually)\b"
)
_PHONE, _PHONE_NUMBER = re.compile(r"\bphone\b|\btelephone\b"), re.compile(r"\d(?:[ /-]?\d){5,}")
_BESIDES = re.compile(r"\b(?:without|before|except|besides|than|instead|left|more|less)\b")
_DATED = re.compile(r"\d+(?:[.:]\d+)+")
_DEADLINE = re.compile(r"\b(?:until|till|expires?|valid|deadline|due|returned|return|guarantee|warranty|last)\b")


_FIGURE = re.compile(
    r"\bhow (?:much|many|long|old|far|tall|big|heavy|often)\b|\bwhen\b|\b(?:costs?|prices?|pay|paid|spen[dt])\b"
    r"|\b(?:what|which) (?:time|day|date|price)\b|\bnumber\b"
)
# What happens at a time: an opening is no closing.
_EVENTS = tuple(
    re.compile(rf"\b(?:{words})\b")
    for words in (
        "opens?|opening|opened",
        "clos(?:e[sd]?|ing)|shuts?",
        "departs?|departures?|departed|leaves?|leaving|starts?|begins?|beginning|sets? off|take[sn]? off",
        "arriv(?:e[sd]?|als?|ing)|lands?|landing|reach(?:es)?",
        "ends?|ending|over|finish(?:es)?",
        "entry|admission|boarding|check-?in|lets? .*\bin",
    )
)
_RANGE = re.compile(r"\d ?(?:[-–]|to|until) ?\d")
_ONE_OF_MANY = re.compile(r"\ban? ((?:[a-z-]+ )?[a-z-]{3,})")
# A question for a figure, and what answers it without one.
_MEASURED = re.compile(
    r"(?:(?:at|by|from|until|till|since|for) )?(?:when|what time|how (?:many|much|long|old|far|often))\b"
)
_DATES = [name.lower() for name in [*calendar.day_name, *calendar.month_name[1:]]]
_NUMBERS = [number_word(number) for number in (*range(1, 21), *range(30, 100, 10))]
_IN_WORDS = re.compile(
    r"\b(?:morning|noon|afternoon|evening|night|midnight|today|tomorrow|yesterday|now|always|never|once|twice|no|none|not"
    rf"|nothing|nobody|free|closed|both|all|hundred|an?|{'|'.join([*_DATES, *_NUMBERS])})\b"
)


def asks_for_figure(asked: str) -> bool:
    """Whether the answer is a price, a number or a time."""
    return bool(_FIGURE.search(plain(asked)))


def figures_fit(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether the figures of a reply answer the question: prices of a thing that it or the question names, spans of
    time that are written as such, a telephone number for one, a date that is more than that of the paper."""
    rows = list(_rows(entries))
    reply, question, seen = plain(said), plain(asked), plain(" ".join(rows))
    if _MEASURED.match(core(question)) and not (
        _NUMBER.search(reply) or set(_IN_WORDS.findall(reply)) - set(_IN_WORDS.findall(question))
    ):
        return False
    if _NUMBER.search(reply) and any(not is_in(word, seen.split()) for word in _else(question)):
        return False
    if _PHONE.search(question) and _NUMBER.search(reply) and not _PHONE_NUMBER.search(_DATED.sub(" ", said)):
        return False
    for number, unit in _SPAN.findall(reply):
        written = rf"\b{number} ?(?:{unit}s?|{_SHORT_UNITS.get(unit, unit)})\b"
        if not re.search(written, f"{seen} {question}") and not (
            unit == "year" and re.search(rf"\bage {number}\b", seen)
        ):
            return False
    spoken, common = [*reply.split(), *question.split()], _common(rows)
    spoken += ["age"] if re.search(r"\bold\b", question) else []
    others = [row for row in rows if not _BESIDES.search(question) and _is_asked_price(row, question.split())]
    strange = _is_of_many(question, seen.split())
    for number, holding in _held(said, asked, rows):
        if strange and _AMOUNT.fullmatch(number) and all(_FIELDS.search(row) for row in holding):
            return False  # a total is no price of something that is not there
        if not any(_is_of_event(row, question) for row in holding):
            return False
        if all(_is_of_unspoken_cell(row, reply, spoken) for row in holding):
            return False
        if (
            others
            and _AMOUNT.fullmatch(number)
            and not any(_is_spoken(_name(row), question.split()) for row in holding)
        ):
            return False
        if not any(_may_mean(row, number, spoken, common) for row in holding):
            return False
        if _DEADLINE.search(question) and not any(re.search(r"[^\W\d_]{2}", row) for row in holding):
            return False
    return True


def _is_of_many(question: str, seen: Sequence[str]) -> bool:
    """Whether it asks for the price of a thing of which no text speaks: "a guided tour"."""
    things = [found.split() for found in _ONE_OF_MANY.findall(question)]
    return bool(things) and not any(is_in(word, seen) for words in things for word in words if len(word) > 2)


def _is_of_event(row: str, question: str) -> bool:
    """Whether a row may say when that happens which the question asks about."""
    named, asked = _events(row), _events(question)
    return not named or not asked or bool(named & asked) or bool(_RANGE.search(row))


def _events(text: str) -> set[int]:
    """Which of `_EVENTS` a text speaks of."""
    return {at for at, words in enumerate(_EVENTS) if words.search(plain(text))}


def _is_of_unspoken_cell(row: str, reply: str, spoken: Sequence[str]) -> bool:
    """Whether a reply names a row by its time and a column of words, and not what stands there."""
    name, _, cells = row.partition(": ")
    if not re.search(r"\d", name) or "," not in cells:
        return False
    found = [cell.split(" ", 1) for cell in cells.split(", ") if " " in cell and not re.search(r"\d", cell)]
    there = [words for heading, words in found if plain(heading) in reply]
    return bool(there) and not any(_is_spoken(words, spoken) for words in there)


def _common(rows: Sequence[str]) -> set[str]:
    """Words that stand in the names of several rows of a table, and so tell none of them."""
    names = [set(_telling(row.partition(": ")[0])) for row in rows if "," in row.partition(": ")[2]]
    return {word for at, words in enumerate(names) for word in words if any(word in other for other in names[:at])}


def _else(question: str) -> list[str]:
    return [word for found in _ASKS_ELSE.findall(question) for word in found if word]


def names_wrong_figure(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether a price in a reply, or a cell of a column that is spoken of, is that of a thing which neither it nor the
    question names."""
    rows = list(_rows(entries))
    spoken, common = [*plain(said).split(), *plain(asked).split()], _common(rows)
    return any(
        not any(_may_mean(row, number, spoken, common) for row in holding)
        and (bool(_AMOUNT.fullmatch(number)) or any(_is_column_of(number, row, spoken) for row in holding))
        for number, holding in _held(said, asked, rows)
    )


def _held(said: str, asked: str, rows: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The figures of a reply that stand in the rows and not in the question, with those rows."""
    for number in sorted(set(_NUMBER.findall(said)) - set(_NUMBER.findall(asked))):
        if holding := [row for row in rows if number in _NUMBER.findall(row)]:
            yield number, holding


def _may_mean(row: str, number: str, spoken: Sequence[str], common: Collection[str]) -> bool:
    """Whether the row's figure can be what was asked for: a price of a thing that is spoken of, a cell of a table whose
    row and column are. `common` words tell no row."""
    name, _, cells = row.partition(": ")
    if not cells:
        name, cells = _name(row), row
    if (quantity := _QUANTITY.match(row)) is not None and number == quantity[1]:
        return _is_spoken(name, spoken)
    columns = [cell for cell in cells.split(", ") if number in _NUMBER.findall(cell)]
    if not columns or _FIELDS.search(name):
        return True
    if "," in cells and (headings := _telling(columns[0])):
        name = " ".join(word for word in _telling(name) if word not in common)
        titled = any(is_in(word, spoken) for word in headings) or bool(_events(columns[0]) & _events(" ".join(spoken)))
        return titled and _is_spoken(name, spoken)
    return not _AMOUNT.fullmatch(number) or _is_spoken(name, spoken)


def _is_column_of(number: str, row: str, spoken: Sequence[str]) -> bool:
    """Whether the column of a number in a table is spoken of."""
    cells = row.partition(": ")[2].split(", ")
    headings = [_telling(cell) for cell in cells if number in _NUMBER.findall(cell)]
    return any(is_in(word, spoken) for words in headings for word in words)


def _is_asked_price(row: str, question: Sequence[str]) -> bool:
    """Whether it is a row with one price, and the question has all words of its name."""
    words = _telling(_name(row))
    return (
        bool(words)
        and len(_NUMBER.findall(row)) == 1
        and bool(_AMOUNT.search(row))
        and all(is_in(word, question) for word in words)
    )


def _name(row: str) -> str:
    """A row without the figure at its end."""
    return re.sub(r":? *\S*\d[.,]\d\d\S*$", "", row)


def _is_spoken(name: str, spoken: Sequence[str]) -> bool:
    words = _telling(name)
    return not words or any(is_in(word, spoken) for word in words)


def _telling(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", plain(text)) if len(word) > 2]


def _rows(entries: Sequence[str]) -> Iterator[str]:
    """The rows of the texts that entries quote; a table is in words there."""
    for entry in entries:
        for text in _QUOTED.findall(entry):
            yield from (row.strip() for row in text.split(";"))
