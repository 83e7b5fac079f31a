"""Compares figures of several sheets by rule: which one is cheaper, which has more rooms, by how much. Exact.

Rows of the same name are compared. Every word of the question has to be one of the sheets' or of the tables below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.shown.sheet import Figure, Sheet, figure, sheet_of
from dialogue.shown.shown_thing import ShownThing
from dialogue.text.grammar import ORDINALS, listed, sentence
from dialogue.text.plain_words import core, plain, sentences
from dialogue.text.scene_phrases import quoted
from dialogue.text.word_stems import is_in

_DIFFERENCE = "by how much|how (?:much|many) (?:more|less|fewer|dearer|cheaper|higher|lower)|differences?|differ"
_HIGHER = "more|most|higher|highest|bigger|larger|dearer|dearest|pricier"
_LOWER = "less|least|lower|lowest|fewer|fewest|smaller|cheaper|cheapest"
_OF_MONEY = r"cheap\w+|dear\w+|pric\w+|expensive|costs?|costly"
_BY, _MORE, _LESS, _MONEY = (re.compile(rf"\b(?:{words})\b") for words in (_DIFFERENCE, _HIGHER, _LOWER, _OF_MONEY))
_EMPTY = re.compile(
    r"\b(?:which|what|where|ones?|of|the|is|are|has|have|in|on|by|how|much|many|two|both|them|these|those|do|does|did"
    rf"|would|be|than|others?|between|for|and|or|there|{'|'.join(ORDINALS)}|last|pictures?|photos?|receipts?|bills?"
    rf"|tickets?|menus?|{_DIFFERENCE}|{_HIGHER}|{_LOWER}|{_OF_MONEY})\b"
)


def answer_from_sheets(question: str, things: Sequence[ShownThing], names: Sequence[str]) -> str | None:
    """The answer about these things, called by these `names`; None for other questions."""
    said = sentences(question)
    words = core(said[-1]) if said else ""
    if len(things) < 2 or not (_BY.search(words) or bool(_MORE.search(words)) != bool(_LESS.search(words))):
        return None
    sheets = [sheet_of([fact.text for view in each.views for fact in view.scene.facts if fact.text]) for each in things]
    known = plain(" ".join(text for sheet in sheets for text in sheet.texts)).split()
    if any(not is_in(word, known) for word in _EMPTY.sub(" ", words).split()):
        return None
    rows = _compared(words, sheets)
    if len(rows) != 1:
        return None
    [(row, figures)] = rows.items()
    each = listed([f"{name} {found.spoken}" for name, found in zip(names, figures, strict=True)])
    if _BY.search(words):
        by = max(found.value for found in figures) - min(found.value for found in figures)
        return sentence(f"{quoted(row)}: {each}") + (f" That is {figures[0].worth(by).spoken} more." if by else "")
    extreme = (min if _LESS.search(words) else max)(found.value for found in figures)
    which = [name for name, found in zip(names, figures, strict=True) if found.value == extreme]
    return sentence(f"{which[0]}. {quoted(row)}: {each}" if len(which) == 1 else f"{quoted(row)}: {each}")


def _compared(words: str, sheets: Sequence[Sheet]) -> dict[str, list[Figure]]:
    """The figures of the rows that all sheets have and the question names; of those with money where it names none."""
    found: dict[str, list[Figure]] = {}
    for row in sheets[0].rows:
        figures = [_figure_of(row.name, sheet) for sheet in sheets]
        there = [each for each in figures if each is not None]
        if len(there) == len(sheets) and len({(each.unit, each.money) for each in there}) == 1:
            found[row.name] = there
    named = {
        name: figures for name, figures in found.items() if any(is_in(word, words.split()) for word in _words(name))
    }
    if named or not _MONEY.search(words):
        return named
    return {name: figures for name, figures in found.items() if figures[0].money}


def _figure_of(name: str, sheet: Sheet) -> Figure | None:
    rows = [row for row in sheet.rows if plain(row.name) == plain(name)]
    figures = [found for row in rows for cell in row.cells if (found := figure(cell)) is not None]
    return figures[0] if len(figures) == 1 else None


def _words(name: str) -> list[str]:
    return [word for word in plain(name).split() if len(word) > 2]
