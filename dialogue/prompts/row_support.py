"""Whether a reply takes the right one of several rows or pictures: of the part of the day that is asked for, of one
article where several are charged, and of the pictures the one that shows it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.text.grammar import ORDINALS
from dialogue.text.plain_words import plain

# Hours of the day, from the first to before the last.
_PARTS = {"morning": (4, 12), "afternoon": (12, 18), "evening": (17, 24), "night": (20, 29)}
_PART = re.compile(rf"\b(?:in the|at|this|tomorrow|only|any) ({'|'.join(_PARTS)})\b")
_TIME = re.compile(r"\b([01]?\d|2[0-3]):[0-5]\d\b")
_TIME_OF = re.compile(r"\b(?:when|what time|how (?:long|late|early))\b")
_QUANTITY = re.compile(r"(?:^|[;“] ?)(\d{1,2}) ?[x×]? ([^;”:]*[^\W\d_][^;”:]*): ([^;”]*)", re.IGNORECASE)
_ONE = re.compile(r"\b(?:one|an?|single|each|per|apiece)\b")
_PICTURE = re.compile(r"Picture \d+: ")
_WORD = re.compile(r"[^\W\d_]{3,}")


def rows_fit(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether the row or picture that a reply names can be the one that is asked for."""
    return (
        _of_that_part(said, asked, entries) and _of_one(said, asked, entries) and _tells_picture(said, asked, entries)
    )


def _of_that_part(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether a row that the reply names has a time in the part of the day that the question names."""
    part, question = _PART.search(plain(asked)), set(_words(asked))
    if part is None or _TIME_OF.search(plain(asked)):
        return True
    first, last = _PARTS[part[1]]
    rows = [row for entry in entries for row in re.split("[;“”]", entry) if _TIME.search(row)]
    named = [row for row in rows if (set(_words(row.partition(": ")[0])) - question) & set(_words(said))]
    hours = [[int(hour) for hour in _TIME.findall(row)] for row in named]
    return not named or any(first <= hour < last or first <= hour + 24 < last for row in hours for hour in row)


def _of_one(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether the price of several is not said to be that of one."""
    question = plain(asked)
    if not _ONE.search(question):
        return True
    for count, name, price in _QUANTITY.findall(" ".join(entries)):
        named = {word.rstrip("s") for word in _words(name)} & {word.rstrip("s") for word in _words(question)}
        if int(count) > 1 and named and price.strip() in said and count not in question.split():
            return False
    return True


def _tells_picture(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether "which of them?" is answered by a number, or by a word of one picture alone."""
    pictures = [entry for entry in entries if _PICTURE.match(entry)]
    if len(pictures) < 2 or not re.match(r"(?:\w+ ){0,6}which\b", plain(asked)):
        return True
    reply = set(_words(said)) - set(_words(asked))
    if reply & {*ORDINALS, "last", "both", "neither", "none", "either"} or re.search(r"\d", said):
        return True
    words = [set(_words(picture)) for picture in pictures]
    return any(sum(word in each for each in words) == 1 for word in reply)


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))
