"""Whether what a reply says of things in view, their number, colours and places, is said of these things. Pure.

That a colour stands in an entry does not make it the colour of the thing that was asked about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from dialogue.prompts.answer_kinds import COLOURS, OPTIONS, PLACES
from dialogue.text.grammar import number_of
from dialogue.text.labels import labels_in
from dialogue.text.plain_words import plain
from dialogue.text.word_stems import is_in

_ENTRY = re.compile(r"^\[\d+\.\d s camera: (.*)\]$")
_HOW_MANY = re.compile(
    r"\bhow many ((?:(?!(?:is|are|was|were|do|does|did|can|could|will|would|have|has|had|there|i|you|we|in|on)\b)"
    r"[\w-]+ ?)+)"
)
# Words that count anything in view, or are about those that were spoken of.
_COUNTABLE = frozenset(
    ("things", "items", "objects", "pieces", "kinds", "sorts", "others", "them", "these", "those", "more")
)
_PART = re.compile(r", | and |; ")
_TEXT = re.compile(r"“[^”]*”")


def things_fit(said: str, asked: str, entries: Sequence[str]) -> bool:
    """Whether the numbers, colours and places in a reply are those of a thing that it or the question names."""
    reply, question = plain(said).split(), plain(asked).split()
    named = labels_in(plain(f"{asked} {said}"))
    every = list(_phrases(entries))
    if not every:
        return True
    nouns = {word for word in question if len(word) > 3} - COLOURS - PLACES
    phrases = [each for each in every if labels_in(plain(each)) & named or nouns & set(plain(each).split())]
    words = set(plain(" ".join(phrases)).split())
    read = set(plain(" ".join(text for entry in entries for text in _TEXT.findall(entry))).split())
    new = [word for word in _claimed(reply, question) if word not in read]
    if any(word in COLOURS | PLACES and word not in words for word in new):
        return False
    numbers = [number for word in new if (number := number_of(word)) is not None and word != "one"]
    if _counts_unseen(question, set(plain(" ".join(entries)).split())):
        return not set(numbers) & _counts(every, ())  # those of other things
    if not phrases:
        return True
    counts = _counts(phrases, {word for word in question if word in COLOURS | PLACES})
    return all(number in counts for number in numbers)


def _claimed(reply: Sequence[str], question: Sequence[str]) -> list[str]:
    """What a reply says of itself: not what the question has said, unless that was a choice; "yes" says its colours."""
    offered = {word for options in OPTIONS.finditer(" ".join(question)) for word in options.groups()}
    own = [word for word in reply if word not in question or word in offered]
    return [*own, *(COLOURS & set(question) - offered if reply[:1] == ["yes"] else ())]


def _counts_unseen(question: Sequence[str], seen: Collection[str]) -> bool:
    """Whether the question is for the number of what no entry speaks of: the spaces beside two cars."""
    asked = _HOW_MANY.search(" ".join(question))
    if asked is None:
        return False
    words = asked[1].split()
    nouns = [word for word in words if word.endswith("s") and not word.endswith("ss")]
    return bool(nouns) and not any(word in _COUNTABLE or is_in(word, seen) or labels_in(word) for word in words)


def _phrases(entries: Sequence[str]) -> Iterator[str]:
    """What entries say of each kind of thing."""
    for entry in entries:
        if found := _ENTRY.match(entry):
            yield from found[1].split("; ")


def _counts(phrases: Sequence[str], limits: Collection[str]) -> set[int]:
    """The numbers that can be said of these things: of each kind and part, of all, and of those within `limits`."""
    split = [[plain(part).split() for part in _PART.split(phrase)] for phrase in phrases]
    parts = [[(_number(words), words) for words in phrase if words] for phrase in split]
    within = sum(number for phrase in parts for number, words in phrase[1:] or phrase if set(limits) <= set(words))
    return {number for phrase in parts for number, _ in phrase} | {sum(phrase[0][0] for phrase in parts), within}


def _number(words: Sequence[str]) -> int:
    return number_of(words[0]) or 1
