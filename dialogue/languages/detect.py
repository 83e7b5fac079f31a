"""Which language a text is in, by its script and its most frequent words. Pure."""

from __future__ import annotations

import re
from functools import cache

from dialogue.languages.language import CODES, ENGLISH, language

_LONGEST, _SHORTEST = 2000, 3
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENGLISH_WORDS = frozenset(["the"])


def language_of(text: str, expected: str = ENGLISH) -> str:
    """The code of the language of `text`; `expected` where the words do not tell."""
    text = text[-_LONGEST:]
    words = _WORD.findall(text.lower().replace("’", "'"))
    if "zh" in CODES and len(_HAN.findall(text)) * 2 >= len(words):
        return "zh" if _HAN.search(text) else expected
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


@cache
def _frequent(code: str) -> frozenset[str]:
    return _ENGLISH_WORDS if code == ENGLISH else frozenset(language(code).table["frequent"])
