"""Orders the parts of a long text by how many words of a question they have, rare words counting more. Pure.

For texts of which not every part can be read in the time that there is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from dialogue.library.question_words import question_words
from dialogue.long_text.parts import Part

STEM = 4  # letters that the forms of a word share


def stems(text: str) -> set[str]:
    return {word[:STEM] for word in re.findall(r"[^\W_]+", text.lower())}


class Relevance:
    """The words of all parts, counted once."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._stems = [stems(part.text) for part in parts]
        self._in_parts = Counter(stem for each in self._stems for stem in each)

    def best(self, question: str, most: int, left_out: Sequence[Part] = (), known: str = "") -> list[Part]:
        """The parts with the most to do with the question, in the order of the text. Words of what is `known` count
        half. Parts with none of the words come last, and nothing is found in `left_out`."""
        weights = dict.fromkeys(stems(" ".join(question_words(known))), 0.5)
        weights |= dict.fromkeys(stems(" ".join(question_words(question))), 1.0)
        skipped = {part.number for part in left_out}
        scores = {
            place: sum(self._rarity(stem) * weight for stem, weight in weights.items() if stem in self._stems[place])
            for place, part in enumerate(self._parts)
            if part.number not in skipped
        }
        chosen = sorted(scores, key=lambda place: (-scores[place], place))[:most]
        return [self._parts[place] for place in sorted(chosen)]

    def _rarity(self, stem: str) -> float:
        return math.log((1 + len(self._parts)) / (0.5 + self._in_parts[stem]))
