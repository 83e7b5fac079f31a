"""Puts spaces where OCR has run words together over a wide gap: "2026-11-2017:42" for "2026-11-20  17:42".

Digits of one line are equally wide, so a step somewhat wider than usual from one digit to the next is a gap. Letters
differ in width, and the recogniser finds most gaps between words itself: only a very wide step is one that it missed.
Beside a space that it found, a wide step is that space, since the place of a letter may be off by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

_GAP_OF_DIGITS, _GAP = 1.6, 4.0  # times the usual step
_LEAST_OF_DIGITS, _LEAST = 4, 8  # steps of the recogniser, six of which are about the height of the line
_MIN_STEPS = 3  # steps from which the usual one is known


def with_gaps(text: str, columns: Sequence[int]) -> str:
    """`text` with spaces in its wide gaps. `columns` are the places of its visible characters in the line."""
    visible = [index for index, letter in enumerate(text) if not letter.isspace()]
    if len(visible) != len(columns):
        return text
    steps = {b: columns[at + 1] - columns[at] for at, (a, b) in enumerate(pairwise(visible)) if b == a + 1}
    between_digits = {i: step for i, step in steps.items() if text[i - 1].isdecimal() and text[i].isdecimal()}
    gaps = {*_wide(between_digits, _GAP_OF_DIGITS, _LEAST_OF_DIGITS), *_wide(steps, _GAP, _LEAST)}
    gaps = {i for i in gaps if not (text[i - 2 : i - 1].isspace() or text[i + 1 : i + 2].isspace())}
    return "".join((" " if i in gaps else "") + letter for i, letter in enumerate(text))


def _wide(steps: Mapping[int, int], times: float, least: int) -> list[int]:
    """The places of the steps that are `times` as wide as usual, and at least `least`."""
    if len(steps) < _MIN_STEPS:
        return []
    usual = median(steps.values())
    return [place for place, step in steps.items() if step >= max(times * usual, least)]
