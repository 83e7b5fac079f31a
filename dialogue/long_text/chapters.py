"""Divides a text into chapters where its subject changes (TextTiling by meaning; Hearst, 1997). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dialogue.library.passage import Passage

BLOCK = 4  # passages on each side that are compared
SHORTEST = 4  # passages of a chapter
MOST_WORDS = 16  # of a heading
Meanings = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chapter:
    """`place` is where it begins; `heading` is the beginning of the passage that is most like all of it."""

    place: str
    heading: str


def chapters_of(passages: Sequence[Passage], meanings: Meanings, most: int = 12) -> list[Chapter]:
    """At most `most` chapters in order; `meanings` float32 (n, width) of length one. The cuts are where the passages
    before and after are least alike, at least SHORTEST apart."""
    cuts: list[int] = [0]
    depths = _depths(meanings)
    for place in sorted(range(1, len(passages)), key=lambda each: -depths[each]):
        if len(cuts) == most or depths[place] <= 0:
            break
        if all(abs(place - cut) >= SHORTEST for cut in (*cuts, len(passages))):
            cuts.append(place)
    bounds = [*sorted(cuts), len(passages)]
    return [_chapter(passages, meanings, first, last) for first, last in pairwise(bounds)]


def _depths(meanings: Meanings) -> list[float]:
    """For each place between two passages how much less alike they are than those around the place."""
    count = len(meanings)
    alike = [1.0]
    for place in range(1, count):
        before, after = meanings[max(0, place - BLOCK) : place].mean(0), meanings[place : place + BLOCK].mean(0)
        alike.append(float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after) + 1e-9)))
    usual = float(np.mean(alike[1:])) if count > 1 else 1.0
    return [usual - each for each in alike]


def _chapter(passages: Sequence[Passage], meanings: Meanings, first: int, last: int) -> Chapter:
    nearest = first + int(np.argmax(meanings[first:last] @ meanings[first:last].mean(0)))
    words = passages[nearest].text.split()
    more = " ..." if len(words) > MOST_WORDS else ""
    return Chapter(passages[first].place, " ".join(words[:MOST_WORDS]) + more)
