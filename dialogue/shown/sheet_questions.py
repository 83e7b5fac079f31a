"""Understands questions about the figures of a sheet, word by word. Pure.

Every word of the question has to be one of the sheet's, or one of the tables below: what has a word that is not
understood is left to a model. Each table holds the words for one thing that is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from dialogue.shown.sheet import Row, Sheet
from dialogue.text.grammar import number_of
from dialogue.text.plain_words import core, plain, sentences
from dialogue.text.word_stems import same_stem

Concept = Literal[
    "more", "most", "least", "total", "figure", "number", "sum", "one", "or", "which", "articles", "first", "last"
]
# Longer phrases first, so that "how much more" is no plain "how much".
_TABLE: tuple[tuple[Concept, str], ...] = (
    (
        "more",
        r"(?:by )?how (?:much|many) (?:more|less|fewer|dearer|cheaper|higher|lower)(?: expensive| costly)?|differences?"
        r"|(?:more|less) expensive(?= .*than)|dearer|cheaper|pricier|ahead|(?:more|less|fewer)(?= .*than)",
    ),
    ("most", "most expensive|most costly|costliest|dearest|priciest|highest|most"),
    ("least", "least expensive|least costly|cheapest|lowest|least|fewest"),
    (
        "total",
        r"(?:grand|in) total|all together|altogether|in all|all of (?:it|this|them)|totals?|sum|everything"
        r"|whole (?:lot|thing|bill|sum)|it all|all|owe|bill|end(?:ed)? up",
    ),
    ("figure", "how much|prices?|priced|costs?|amounts?|pay(?:ing)?|paid|spend|spent|charged?"),
    ("number", "how many(?: different)?|number of"),
    ("sum", "plus|together|both|combined|add(?:ed)? up|and|with"),
    ("one", "one|single|each|apiece|per"),
    ("or", "or"),
    ("which", "which|what|who"),
    ("first", "(?:at the )?top|first"),
    ("last", "(?:at the )?bottom|last"),
    ("articles", "(?:kinds?|sorts?|types?) of|articles?|items?|things?|dish(?:es)?|products?|drinks?|entries|meals?"),
)
_CONCEPTS = tuple((concept, re.compile(rf"\b(?:{words})\b")) for concept, words in _TABLE)
_SHEETS = "receipts?|menu|list|card|ticket|sheet|table|sign|invoice|board|slip|picture|photo|page|paper|till"
_ONE_OF_THEM = re.compile(rf"\b(?:on|of|in|for) the (?:first|second|third|last) (?:one|{_SHEETS})$")
# What any question holds, without which it asks the same; a sheet only as this one.
_EMPTY_WORDS = (
    "is are was were be do does did has have had will would can could should must there here the this that these those "
    "it its they them i me my we us our you your to of on in at by an? for from than between so then now much got get "
    "need buy bought take took wants? makes? read listed written euros? dollars? pounds? cents? money exactly just "
    "actually please says? comes?"
)
_EMPTY = re.compile(
    rf"\b(?:(?:the|this|that|my|our|your) (?:{_SHEETS})|me back|{_EMPTY_WORDS.replace(' ', '|')}"
    r"|(?:glass|cup|bottle|portion|plate|slice|bag|pair|piece)(?:es|s)?(?= of))\b"
)
_ENOUGH = re.compile(r"\b(?:is (?:that|it|this) enough for|can i (?:afford|buy|get)|enough for)\b")
_BUDGET = re.compile(
    r"\b(?:have|got|only|with) (?:only |just )?(?P<number>[\w.-]+)(?: (?:euros?|dollars?|pounds?|francs?))"
)
_COUNTED = re.compile(r"\b(how many|fewest|most|fewer|more|less) [a-z]+\b")
_AT_AN_END = re.compile(
    r"\b(first|last) (?!on\b|of\b|in\b|at\b)[a-z]+|\b(?:what|which) [a-z]+(?= (?:is|comes) (?:first|last)\b)"
)
# Words for figures in a column of ages.
_AGES = {
    "how old": "how much",
    "older": "more",
    "younger": "less",
    "oldest": "most",
    "eldest": "most",
    "youngest": "least",
}
_AGE = re.compile(rf"\b(?:{'|'.join(_AGES)})\b")
_THAN_ALL = re.compile(r"\b(more|fewer|less)\b(?= .*\bthan (?:the |all )?(?:others?|rest|any|every)).*?$")
_NAMES_NO_ROW = frozenset(("and", "with", "per", "one", "all", "which", "total", "totals", "sum"))


@dataclass(frozen=True)
class Named:
    """A row that the question names, and how many of it."""

    row: Row
    times: int | None


@dataclass
class SheetQuestion:
    """What a question asks: `concepts` by the tables above, the rows and the columns it names."""

    concepts: set[Concept] = field(default_factory=set)
    named: list[Named] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    budget: str = ""


def sheet_question(text: str, sheet: Sheet) -> SheetQuestion | None:
    """The question in the last sentence; None where a word of it is not understood, or which row it names."""
    said = sentences(text)
    if not said or not (sheet.rows or sheet.lines):
        return None
    asked, words = SheetQuestion(), _ONE_OF_THEM.sub(" ", core(said[-1]))
    if _ENOUGH.search(words) and (budget := _BUDGET.search(" ".join(said))) is not None:
        asked.budget, words = budget["number"], _ENOUGH.sub(" ", _BUDGET.sub(" ", words))
    tokens = words.split()
    used = _name_rows(asked, tokens, sheet)
    if used is None:
        return None
    asked.columns = _columns(tokens, used, sheet)
    if kind := {at for at, token in enumerate(tokens) if at not in used and _among(token, plain(sheet.kind).split())}:
        asked.concepts.add("articles")
        used |= kind
    rest = " ".join("." if at in used else token for at, token in enumerate(tokens))
    if asked.columns:  # "how many games", where the column says which
        rest = _COUNTED.sub(r"\1", rest)
        rest = _AT_AN_END.sub(lambda found: found[1] or "which", rest)
    if "age" in (headings := [plain(each) for each in sheet.heading]) and _AGE.search(rest):
        asked.columns = [headings.index("age")]
        rest = _AGE.sub(lambda found: _AGES[found[0]], rest).replace("years", "")
    rest = _THAN_ALL.sub(lambda found: "most" if found[1] == "more" else "least", rest)
    for concept, pattern in _CONCEPTS:
        shorter = pattern.sub(" ", rest)
        if shorter != rest:
            asked.concepts.add(concept)
        rest = shorter
    rest = _EMPTY.sub(" ", rest)
    known = plain(" ".join(sheet.lines)).split()
    left = [word for word in rest.split() if word != "." and not (word.isalpha() and _among(word, known))]
    return None if left else asked


def _name_rows(asked: SheetQuestion, tokens: list[str], sheet: Sheet) -> set[int] | None:
    """Adds the rows that the tokens name, and returns which tokens that takes; None where it is not clear which row."""
    named: dict[int, set[int]] = {}
    for at, row in enumerate(sheet.rows):
        found = {place for place, token in enumerate(tokens) if _telling(token) and _among(token, row.words)}
        if found:
            between = range(min(found), max(found))
            named[at] = found | {place for place in between if tokens[place] in row.words}
    best = {at: found for at, found in named.items() if not any(found < other for other in named.values())}
    used = set[int]()
    for at, found in sorted(best.items(), key=lambda each: min(each[1])):
        if found & used:  # two rows of one name
            return None
        before = min(found) - 1
        times = number_of(tokens[before]) if before >= 0 and tokens[before] != "one" else None
        used |= found if times is None else found | {before}
        asked.named.append(Named(sheet.rows[at], times))
    return used


def _columns(tokens: list[str], used: set[int], sheet: Sheet) -> list[int]:
    """The columns that other tokens name."""
    found = []
    for column, heading in enumerate(sheet.heading):
        words = re.findall(r"[^\W\d_]{2,}", plain(heading))
        places = {at for at, token in enumerate(tokens) if at not in used and len(token) > 2 and _among(token, words)}
        if places:
            found.append(column)
            used |= places
    return found


def _telling(word: str) -> bool:
    return len(word) > 2 and not _EMPTY.fullmatch(word) and word not in _NAMES_NO_ROW


def _among(word: str, words: Iterable[str]) -> bool:
    return any(word == other or (len(word) > 3 and same_stem(word, other)) for other in words)
