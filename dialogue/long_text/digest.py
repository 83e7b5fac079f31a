"""Shortens a text to the passages that stand for the others: those nearest to the middle of their stretch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dialogue.library.passage import Passage
from dialogue.long_text.parts import Part, place_from_to


def digest_of(
    passages: Sequence[Passage], meanings: NDArray[np.float32], stretches: int, most_characters: int
) -> list[Part]:
    """`stretches` parts of about equal shares of the text, each with its passages that are most like all of the stretch
    (`meanings`: float32 (n, width) of length one), in order, at most `most_characters`."""
    cuts = [round(number * len(passages) / stretches) for number in range(stretches + 1)]
    parts = list[Part]()
    for first, last in pairwise(cuts):
        if first == last:
            continue
        nearness = meanings[first:last] @ meanings[first:last].mean(0)
        chosen, length = list[int](), 0
        for place in np.argsort(-nearness, kind="stable"):
            length += len(passages[first + int(place)].text) + 1
            if chosen and length > most_characters:
                break
            chosen.append(first + int(place))
        text = " ".join(passages[place].text for place in sorted(chosen))
        parts.append(Part(len(parts) + 1, place_from_to(passages[first].place, passages[last - 1].place), text))
    return parts
