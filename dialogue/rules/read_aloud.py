"""Recognises "read it to me" and "go on reading", and words rows of text as they are read aloud. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.text.plain_words import core, sentences
from dialogue.text.unspaced import is_unspaced

_PAGE = (
    "(?:page|letter|text|article|document|menu|book|paper|label|leaflet|instructions|recipe|sheet|note|receipt|sign)s?"
)
_WHOLE = rf"(?:the |this |that )?(?:whole |entire )?{_PAGE}"
_ALL = "everything|all of it|all of this|all this"
_ALOUD = re.compile(
    r"(?:(?:can|could|would|will) you )?(?:please )?(?:start )?read(?:ing)? (?:"
    rf"(?:me )?(?:it|this|that|these|those|them|all|{_ALL}|{_WHOLE})"
    r"(?: (?:out|aloud|out loud|loud|all|completely|from the (?:top|start|beginning)|to the end|word for word))+"
    rf"|me (?:it|this|that|{_ALL}|{_WHOLE})"
    rf"|(?:it|this|that|{_ALL}|{_WHOLE}) (?:to|for) me(?: .*)?"
    rf"|(?:it all|{_ALL}|the whole \w+))"
)
# A row of unspaced characters is full from this share of the longest on; shorter ones are entries of a list or sign.
_FULL, _SHORTEST_FULL = 0.8, 12
_GO_ON = re.compile(r"(?:go on|continue|carry on|keep|resume)(?: with)?(?: the)? reading(?: .*)?|read on(?: .*)?")


def is_to_be_read_aloud(words: str) -> bool:
    """Whether the user asks for all text in view, word for word."""
    return any(_ALOUD.fullmatch(said) or _ALOUD.fullmatch(core(said)) for said in _said(words))


def is_to_go_on_reading(words: str) -> bool:
    """Whether the user wants to hear the rest of what was being read."""
    return any(_GO_ON.fullmatch(core(said)) for said in _said(words))


def running_text(rows: Sequence[str]) -> str:
    """Rows as one text; those that end no sentence and begin a new one are parted by commas. Scripts without spaces
    tell no beginning: a row that is about as long as the longest goes on in the next."""
    text, full = "", max(_SHORTEST_FULL, _FULL * max(map(len, rows), default=0))
    for before, row in zip(("", *rows), rows, strict=False):
        text += (_gap(text, row, len(before) >= full) if text else "") + row
    return text


def _gap(text: str, row: str, full: bool) -> str:
    ended = text[-1] in ".,;:!?-，。、；：！？"
    if is_unspaced(text[-1] + row[0]):
        return "" if ended or full else "，"
    begins = row[:1].isupper() or row[:1].isdigit()
    return ", " if begins and not ended else " "


def _said(words: str) -> list[str]:
    return sentences(words[-200:])[-2:]
