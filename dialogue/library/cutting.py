"""Cuts the sections of a document into passages of a few sentences, each small enough for one embedding.

Sentences are kept whole where they fit. Short neighbours of one place are joined, so that a list is one passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dialogue.library.passage import Section

# About 110 of the 128 tokens that the sentence embedder reads.
MOST_WORDS = 80
LONGEST_WORD = 80  # characters; longer ones are no words, and a passage of them would have no bound
_SENTENCE = re.compile(r"(?<!\b(?:Dr|Mr|Ms|St|No)\.)(?<!\bMrs\.)(?<!\bProf\.)(?<=[.!?。！？])[\"'”’)\]]*\s+|\n\s*\n")


def passages_of(sections: Iterable[Section]) -> Iterator[Section]:
    """Sections of at most MOST_WORDS words, in order, without empty ones."""
    for section in sections:
        held: list[str] = []
        for sentence in sentences_of(section.text):
            if held and len(held) + len(sentence) > MOST_WORDS:
                yield Section(section.place, " ".join(held))
                held = []
            held += sentence
        if held:
            yield Section(section.place, " ".join(held))


def sentences_of(text: str) -> Iterator[list[str]]:
    """The words of each sentence; a sentence longer than a passage is cut."""
    for sentence in _SENTENCE.split(text):
        words = [piece for word in sentence.split() for piece in _pieces(word)]
        for start in range(0, len(words), MOST_WORDS):
            yield words[start : start + MOST_WORDS]


def _pieces(word: str) -> list[str]:
    """The word, cut where it is too long: Chinese and Japanese put no spaces between words."""
    return [word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD)]
