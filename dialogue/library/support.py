"""Whether a text supports what a model says about it: its numbers, names and most of its words stand there. Pure."""

from __future__ import annotations

import re

from dialogue.library.question_words import question_words
from dialogue.library.quotes import has_word
from dialogue.text.grammar import NUMBER_WORDS

# The share of the words that must stand in the text or the question.
LEAST_SUPPORT = 0.6
_WORDS = "|".join(word for word, value in NUMBER_WORDS.items() if value > 1)  # "one" is often no number
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{_WORDS})(?:-(?:{_WORDS}|one))?\b", re.IGNORECASE)
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
    words = question_words(_NUMBER.sub(" ", said))
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
    """A number in one spelling: 1,880 and 1880 are one, 4.50 and 4.5, nine and 9 too."""
    if number[0].isalpha():
        return str(sum(NUMBER_WORDS[word] for word in number.lower().split("-")))
    plain = number.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
