"""Puts together the text of a page of which the camera shows one part after the other. Pure.

A reading joins the page where its rows are those of the page, read again; what lies above, between and below them is
added there. A reading with nothing in common with the page begins a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME_ROW = 0.8  # share of equal characters from which on a row is the same, read again
FORGOTTEN_S = 30.0  # after which a reading begins a new page
MOST_ROWS, MOST_COMPARED = 400, 80
_COMPARED = 120  # characters of a row
_SHORT = 4  # letters; shorter rows stand on any page


@dataclass(slots=True)
class _Row:
    text: str
    score: float
    plain: str


class PageStitcher:
    """The page that one camera shows."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._at = float("-inf")

    @property
    def rows(self) -> list[str]:
        """The text so far, row by row."""
        return [row.text for row in self._rows]

    def read(self, rows: Sequence[tuple[str, float]], at: float) -> None:
        """Takes one reading: rows from the top, each with its certainty. An empty one changes nothing."""
        new = [_Row(text, score, _plain(text)) for text, score in rows if text.strip()]
        if not new:
            return
        pairs = self._matches(new) if at - self._at < FORGOTTEN_S else []
        self._at = at
        self._rows = _joined(self._rows, new, pairs)[:MOST_ROWS] if pairs else new

    def clear(self) -> None:
        self._rows = []

    def _matches(self, new: Sequence[_Row]) -> list[tuple[int, int]]:
        """(place on the page, place in the reading) of equal rows, in order; none where only short rows are equal."""
        first = max(0, len(self._rows) - MOST_COMPARED)
        pairs = [(first + on_page, in_new) for on_page, in_new in _aligned(self._rows[first:], new)]
        return pairs if any(len(new[place].plain) >= _SHORT for _, place in pairs) else []


def _aligned(page: Sequence[_Row], new: Sequence[_Row]) -> list[tuple[int, int]]:
    """The pairs of equal rows, in the order of both, that are the most alike in all."""
    likeness = [[_likeness(old, row) for row in new] for old in page]
    best = [[0.0] * (len(new) + 1) for _ in range(len(page) + 1)]
    for a in reversed(range(len(page))):
        for b in reversed(range(len(new))):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], best[a + 1][b + 1] + likeness[a][b])
    pairs, a, b = list[tuple[int, int]](), 0, 0
    while a < len(page) and b < len(new):
        if likeness[a][b] and best[a][b] == best[a + 1][b + 1] + likeness[a][b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs


def _joined(page: Sequence[_Row], new: Sequence[_Row], pairs: Sequence[tuple[int, int]]) -> list[_Row]:
    """The page with the rows of a reading between those that they have in common."""
    out: list[_Row] = []
    page_from = new_from = 0
    for on_page, in_new in [*pairs, (len(page), len(new))]:
        out += _between(page[page_from:on_page], new[new_from:in_new], inside=page_from > 0 and on_page < len(page))
        if on_page < len(page):
            out.append(max(page[on_page], new[in_new], key=lambda row: row.score * len(row.text)))
        page_from, new_from = on_page + 1, in_new + 1
    return out


def _between(old: Sequence[_Row], new: Sequence[_Row], *, inside: bool) -> list[_Row]:
    """Rows between two common ones: another reading of as many rows replaces them; else both stay, the page's first
    above and the reading's first below."""
    if inside and len(old) == len(new):
        return [max(pair, key=lambda row: row.score) for pair in zip(old, new, strict=True)]
    return [*old, *new]


def _likeness(a: _Row, b: _Row) -> float:
    """1 for the same text, 0 where more than some letters differ. Near ones count little: rows of a table are alike."""
    if a.plain == b.plain:
        return 1.0 if a.plain else 0.0
    if min(len(a.plain), len(b.plain)) < 0.6 * max(len(a.plain), len(b.plain)):
        return 0.0
    matcher = SequenceMatcher(None, a.plain, b.plain, autojunk=False)
    if matcher.quick_ratio() < SAME_ROW:
        return 0.0
    ratio = matcher.ratio()
    return ratio**16 if ratio >= SAME_ROW else 0.0


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())[:_COMPARED]
