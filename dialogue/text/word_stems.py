"""Whether two words are forms of one word: "rises" and "rise", "cheapest" and "cheap", "writing" and "write". Pure."""

from __future__ import annotations

from collections.abc import Collection


def is_in(word: str, words: Collection[str]) -> bool:
    """Whether a word, or a form of it, is among these; numbers have no forms."""
    return word in words or (not word[0].isdigit() and any(same_stem(word, other) for other in words))


def same_stem(one: str, other: str) -> bool:
    """By their beginnings, of which three letters are the least."""
    shorter = min(len(one), len(other))
    stem = shorter if shorter < 5 else max(4, shorter - 1)
    return stem >= 3 and one[:stem] == other[:stem] and abs(len(one) - len(other)) <= 3
