"""Whether a text supports what a model says about it: its numbers, names and most of its words stand there. Pure."""

from __future__ import annotations

import re

from dialogue.library.question_words import question_words
from dialogue.library.quotes import has_word

# The share of the words that must stand in the text or the question.
LEAST_SUPPORT = 0.6
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")


def is_supported(said: str, text: str, question: str) -> bool:
    """A name is a word with a capital letter that is not the first word of a sentence with others."""
    there = text.split()
    known = [*there, *question.split()]
    if any(sign in said and sign not in text and name not in text.lower() for sign, name in _CURRENCIES.items()):
        return False
    numbers = {_value(number) for number in _NUMBER.findall(text)}
    if not all(_value(number) in numbers for number in _NUMBER.findall(said)):
        return False
    words = [word for word in question_words(said) if not word.isdecimal()]
    if not all(has_word(name, known) for name in _names(said)):
        return False
    return sum(has_word(word, known) for word in words) >= LEAST_SUPPORT * len(words)


def _names(said: str) -> list[str]:
    """Words with a capital letter, without those that begin one of several words of a sentence."""
    return [
        name[0]
        for name in _NAME.finditer(said)
        if ((before := said[: name.start()].rstrip()) and before[-1] not in ".!?:") or " " not in said.strip(" .")
    ]


def _value(number: str) -> str:
    """A number in one spelling: 1,880 and 1880 are one, 4.50 and 4.5 too."""
    plain = number.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
