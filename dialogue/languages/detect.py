"""Which language a text is in, by its script and its most frequent words."""

from __future__ import annotations

import re
from functools import cache

from dialogue.blocks import TextBlock
from dialogue.languages.language import CODES, ENGLISH, Language, language
from dialogue.memory.timeline import Entry

_LONGEST, _SHORTEST = 2000, 3
# Scripts of one language each, and Chinese characters, which Japanese writes too.
_SCRIPTS = {"ja": re.compile("[\u3040-\u30ff]"), "hi": re.compile("[\u0900-\u097f]")}
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENGLISH_WORDS = frozenset(
    [
        "a",
        "about",
        "am",
        "an",
        "and",
        "are",
        "at",
        "be",
        "been",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "good",
        "has",
        "have",
        "he",
        "hello",
        "hi",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "many",
        "me",
        "much",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "please",
        "read",
        "remind",
        "said",
        "say",
        "says",
        "see",
        "set",
        "she",
        "tell",
        "thank",
        "thanks",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "time",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "who",
        "why",
        "will",
        "with",
        "would",
        "yes",
        "you",
        "your",
    ]
)


def language_of(text: str, expected: str = ENGLISH) -> str:
    """The code of the language of `text`; `expected` where the words do not tell."""
    text = text[-_LONGEST:]
    words = _WORD.findall(text.lower().replace("’", "'"))
    for code, script in _SCRIPTS.items():
        if len(script.findall(text)) > len(words):
            return code
    if (han := len(_HAN.findall(text))) and 2 * han >= len(words):
        return "ja" if expected == "ja" or _SCRIPTS["ja"].search(text) else "zh"
    if len("".join(words)) < _SHORTEST:
        return expected
    scores = dict.fromkeys(CODES, 0.0)
    for word in words:
        knowing = [code for code in CODES if word in _frequent(code)]
        for code in knowing:
            scores[code] += 1 / len(knowing)
    best = max(scores.values())
    if not best or scores[expected] == best:
        return expected
    return max(scores, key=lambda code: scores[code])


def has_common_words_alone(text: str) -> bool:
    """Whether `text` consists of the most frequent English words: "Hello.", "Yes, please"."""
    return all(word in _ENGLISH_WORDS for word in _WORD.findall(text.lower()))


def language_of_turn(asked: Entry | None) -> str:
    """The code of the language of a turn by itself: the recogniser's, else what the words look like."""
    if asked is None or not isinstance(asked.content, TextBlock):
        return ENGLISH
    turn = asked.content
    return turn.language if turn.language in CODES else language_of(turn.text)


class TurnLanguages:
    """The languages of a session's turns. A turn without evidence is in the language of the one before."""

    def __init__(self) -> None:
        self._code = ENGLISH

    def of(self, turn: TextBlock) -> Language | None:
        """The language of a turn: the recogniser's, else what the words look like. None for English."""
        self._code = turn.language if turn.language in CODES else language_of(turn.text, self._code)
        return None if self._code == ENGLISH else language(self._code)


@cache
def _frequent(code: str) -> frozenset[str]:
    return _ENGLISH_WORDS if code == ENGLISH else frozenset(language(code).table["frequent"])
