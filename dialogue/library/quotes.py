"""Chooses from the passages that a search found what a model reads: the sentences around the words of the question.

What a document says is quoted, in quotation marks that are used for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.library.cutting import sentences_of
from dialogue.library.passage import Found, Passage
from dialogue.library.question_words import question_words
from dialogue.text.scene_phrases import quoted

MOST_QUOTES = 4
MOST_WORDS = 48  # of one quote
# Below this score a passage has nothing to do with the question: such as 0.2 for a question about bread, and 0.5 for
# the least similar of those that are answered, in the documents of benchmarks/knowledge_set/development.py.
LEAST_SCORE = 0.4


@dataclass(frozen=True, slots=True)
class Quote:
    """`text` is a stretch of the passage. `score` is that of the search."""

    passage: Passage
    text: str
    score: float

    @property
    def quoted(self) -> str:
        return quoted(self.text)


def quotes_for(question: str, found: Sequence[Found], most: int = MOST_QUOTES) -> list[Quote]:
    """The best first; empty where no passage has to do with the question."""
    words = question_words(question)
    return [
        Quote(each.passage, around(words, each.passage.text, each.before, each.after), each.score)
        for each in found[:most]
        if each.score >= LEAST_SCORE
    ]


def around(words: Sequence[str], text: str, before: str = "", after: str = "") -> str:
    """The sentences around that one of a passage with the most of the words, at most about MOST_WORDS words; also
    those of its neighbours, where there is room."""
    own, *around_it = ([sentence for sentence in sentences_of(each) if sentence] for each in (text, before, after))
    sentences = around_it[0] + own + around_it[1]
    if sum(map(len, sentences)) <= MOST_WORDS:
        return " ".join(filter(None, (before, text, after)))
    has = [sum(has_word(word, sentence) for word in words) for sentence in sentences]
    start = len(around_it[0])
    first = last = max(range(start, start + len(own)), key=lambda place: has[place])
    length = len(sentences[first])
    middle = first
    # A sentence is understood from the one before it, and says more in the one after it.
    while True:
        sides = [place for place in (first - 1, last + 1) if 0 <= place < len(sentences)]
        fitting = [place for place in sides if length + len(sentences[place]) <= MOST_WORDS]
        if not fitting:
            break
        place = min(fitting, key=lambda each: (-has[each], abs(each - middle), each))
        first, last, length = min(first, place), max(last, place), length + len(sentences[place])
    return " ".join(" ".join(sentence) for sentence in sentences[first : last + 1])


def has_word(word: str, sentence: Sequence[str]) -> bool:
    """Whether the word is there in any of its forms."""
    return any(same_word(word, other) for other in sentence)


def same_word(one: str, other: str) -> bool:
    """Whether two words are forms of one: "tenant" and "Tenants," are."""
    a, b = ("".join(filter(str.isalnum, word)).lower() for word in (one, other))
    if b in (a, f"{a}s") or f"{b}s" == a:
        return True
    stem = min(len(a), len(b))
    return stem >= 4 and a[: max(4, stem - 2)] == b[: max(4, stem - 2)] and abs(len(a) - len(b)) <= 3
