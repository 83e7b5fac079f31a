"""Puts words of a Chinese table in the place of what sounds alike: the recogniser writes 平子 for 瓶子.

Sounds are compared without tones, which it confuses as well. This is for questions that are answered exactly and were
not recognised as they are written; what the user said is shown as it was heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

SHORTEST = 2  # characters: a single one has too many homophones


def by_sound(words: Iterable[str]) -> Mapping[tuple[str, ...], str]:
    """The words by their syllables; of several that sound alike the first."""
    return {_syllables(word): word for word in reversed(list(words)) if len(word) >= SHORTEST}


def corrected(plain: str, sounds: Mapping[tuple[str, ...], str]) -> str:
    """Plain words with what sounds like a known word replaced by it, the longest first."""
    for length in sorted({len(each) for each in sounds}, reverse=True):
        at = 0
        while at + length <= len(plain):
            known = sounds.get(_syllables(plain[at : at + length]))
            if known is not None:
                plain = plain[:at] + known + plain[at + length :]
            at += length if known is not None else 1
    return plain


@lru_cache(maxsize=4096)
def _syllables(part: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin  # loads a large table, for this language alone

    syllables = tuple(lazy_pinyin(part))
    return syllables if len(syllables) == len(part) else ()
