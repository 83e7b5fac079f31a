"""Splits streamed text into phrases for TTS, at places where a speaker may breathe.

A cut depends on the text around it, never on how the text arrived, so any chunking gives the same phrases; joined
they are the text, including whitespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from audio.voice_timing import UNSPACED

# In Chinese and Japanese, which write no spaces, each character with the punctuation after it counts as a word.
WORD = re.compile(rf"(?:[{UNSPACED}](?:(?![“「『（《])[^\s\w])*|[^\s{UNSPACED}]+)\s*")
CLOSERS = "\"'”’)]}*_»」』）》"
OPENERS = "\"'“‘([{*_«「『（《"
SENTENCE_END = re.compile(rf"[.!?…。！？]+[{re.escape(CLOSERS)}]*$")
CLAUSE_END = re.compile(rf"([,;:，；：、]|—|–|--)[{re.escape(CLOSERS)}]*$")
NO_SPACES = re.compile(rf"[{UNSPACED}]")
LIST_NUMBER = re.compile(r"^(\d{1,3}|[A-Za-z])[.)]$")
INITIALS = re.compile(r"^([A-Za-z]\.)+$")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Always followed by the word that they belong to.
TITLES = _set("dr mr mrs ms prof st sr jr rev gen col lt sgt capt e.g i.e vs cf approx fig")
# May end a sentence: then the next word is capitalised.
SHORT_FORMS = _set("etc a.m p.m inc ltd co dept est")
BEFORE_NUMBERS = _set("no nos p pp vol ch")

CONJUNCTIONS = _set("and but or so because while which who where when although though if then that")
# A speaker never pauses after these.
BOUND_TO_NEXT = _set(
    "a an the of to in on at by for with from as my your his her its our their this these those and or but is are "
    "was were be not very no"
)
LONGEST_WORD = 200  # characters; a longer "word" is cut, since it cannot be spoken


@dataclass(frozen=True, slots=True)
class _Word:
    text: str  # without the whitespace after it
    start: int  # in the buffer
    end: int  # in the buffer, whitespace included
    paragraph: bool  # a line ends after it

    @property
    def is_overlong(self) -> bool:
        return len(self.text) > LONGEST_WORD

    @property
    def bare(self) -> str:
        return self.text.strip(OPENERS + CLOSERS + ",;:!?…").casefold()


class PhraseSplitter:
    """Splits one reply: the first phrase as early as it sounds natural, the others whole sentences."""

    def __init__(
        self, first_words: int = 6, first_max_words: int = 10, max_words: int = 32, late_words: int = 3
    ) -> None:
        """The first phrase may end before a conjunction from `first_words` on, and at any acceptable place after
        `first_max_words`, or `late_words` where somebody waits for it; later phrases may end at a clause from half of
        `max_words` on, and at any acceptable place after `max_words`.
        """
        if not (0 < first_words <= first_max_words <= max_words and late_words > 0):
            raise ValueError("0 < late_words and 0 < first_words <= first_max_words <= max_words must hold.")
        self._first_words, self._first_max, self._max, self._late = first_words, first_max_words, max_words, late_words
        self._buffer = ""
        self._first, self._waiting = True, False

    def push(self, text: str, waiting: bool = False) -> list[str]:
        """Takes more text; returns the phrases that are complete now. `waiting`: the text comes so slowly that the
        first phrase should end as soon as it may."""
        self._buffer += text
        self._waiting = waiting
        phrases = []
        while (cut := self._cut()) is not None:
            phrases.append(self._buffer[:cut])
            self._buffer = self._buffer[cut:]
            self._first = False
        return phrases

    def flush(self) -> list[str]:
        """Ends the reply and returns the open phrase, if any. The next push begins a new reply."""
        rest, self._buffer, self._first = self._buffer, "", True
        return [rest] if rest else []

    def _cut(self) -> int | None:
        """The end of the first phrase in the buffer; None while it is undecided."""
        inside = _Nesting()
        for place, (word, following) in enumerate(pairwise(chain(_words(self._buffer), [None]))):
            assert word is not None
            if word.is_overlong:
                return word.start + LONGEST_WORD
            if following is None:
                return None
            inside.read(word.text)
            complete = following.end < len(self._buffer) or self._buffer[-1].isspace()
            ends = self._ends(place + 1, word, following.text, complete or following.is_overlong, inside)
            if ends is None:
                return None
            if ends:
                return word.end
        return None

    def _ends(self, count: int, word: _Word, following: str, complete: bool, inside: _Nesting) -> bool | None:
        """Whether a phrase of `count` words ends after `word`; None if the decision needs the complete next word."""
        ends = _ends_sentence(word, following, complete, count)
        if ends is None or (ends and not inside.quotes):
            return ends
        limit = (self._late if self._waiting else self._first_max) if self._first else self._max
        if count >= 3 * limit:
            return True  # no acceptable place was found
        if inside.quotes or inside.brackets:
            return count >= 2 * limit and _separable(word, following)
        if CLAUSE_END.search(word.text) and (self._first or count >= self._max // 2):
            return not following[0].isdigit()
        if count >= limit:
            return _separable(word, following)
        if self._first and count >= self._first_words and _separable(word, following):
            return _bare(following) in CONJUNCTIONS if complete else None
        return False


class _Nesting:
    """The double quotes and brackets that are open at a place in the text."""

    def __init__(self) -> None:
        self.quotes = False
        self.brackets = 0

    def read(self, word: str) -> None:
        for letter in word:
            if letter in "“«「":
                self.quotes = True
            elif letter in "”»」":
                self.quotes = False
            elif letter == '"':
                self.quotes = not self.quotes
            elif letter in "([":
                self.brackets += 1
            elif letter in ")]":
                self.brackets = max(0, self.brackets - 1)


def _words(text: str) -> Iterator[_Word]:
    for match in WORD.finditer(text):
        yield _Word(match.group().rstrip(), match.start(), match.end(), "\n" in match.group())


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).casefold()


def _ends_sentence(word: _Word, following: str, complete: bool, count: int) -> bool | None:
    if word.paragraph:
        return True
    if not SENTENCE_END.search(word.text) or (count == 1 and LIST_NUMBER.match(word.text)):
        return False
    first_letter = following.lstrip(OPENERS + "#->•")[:1]
    if not first_letter and not complete:
        return None
    if first_letter.islower():
        return False
    if word.text.rstrip(CLOSERS)[-1:] != ".":
        return True
    bare = word.bare.rstrip(".")
    if bare in TITLES or (bare in BEFORE_NUMBERS and first_letter.isdigit()):
        return False
    initials = INITIALS.match(word.text) and bare not in SHORT_FORMS and bare != "i"
    return not initials  # J. Smith, the U.S. Army


def _separable(word: _Word, following: str) -> bool:
    """Whether a pause may separate the two: not an article and its noun, a full name, or "EXIT" and "42".

    Where no spaces are written a word may be longer than a character, so only punctuation separates.
    """
    if word.text[-1:].isalnum() and (NO_SPACES.match(word.text) or NO_SPACES.match(following)):
        return False
    if _bare(word.text) in BOUND_TO_NEXT or word.bare.rstrip(".") in TITLES or following[0].isdigit():
        return False
    return not (word.text[0].isupper() and following[0].isupper())
