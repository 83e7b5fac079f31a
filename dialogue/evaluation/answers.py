"""Reads what is meant by a free answer: an option's letter, yes or no, words to compare. Pure."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping

_LETTER = re.compile(r"(?:^|[\s(\[*\"':])([A-J])(?=$|[\s).,:;\]*\"'])")
_SAID = re.compile(r"\b(?:answer|option|choice)(?: is)?:?\s*\(?\**([A-J])\b", re.IGNORECASE)


def chosen(answer: str, options: Mapping[str, str]) -> str:
    """The letter of the option that is meant; empty where none is."""
    text = answer.strip()
    for found in (*_SAID.findall(text), *_LETTER.findall(text)):
        if found.upper() in options:
            return str(found.upper())
    meant = [letter for letter, option in options.items() if option and option.lower() in text.lower()]
    return meant[0] if len(meant) == 1 else ""


def yes_or_no(answer: str) -> str:
    """The first of the words that stands there: "yes", "no", or "" for neither."""
    found = re.search(r"\b(yes|no)\b", answer.lower())
    return found[1] if found else ""


def overlap(answer: str, expected: str) -> float:
    """F1 of the words, without articles and punctuation, as in SQuAD."""
    said, meant = Counter(_words(answer)), Counter(_words(expected))
    shared = sum((said & meant).values())
    return 2 * shared / (sum(said.values()) + sum(meant.values())) if shared else 0.0


def _words(text: str) -> list[str]:
    plain = "".join(" " if sign in string.punctuation else sign for sign in text.lower())
    return [word for word in plain.split() if word not in ("a", "an", "the")]
