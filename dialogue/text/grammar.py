"""English words and phrases by rule: articles, plurals, number words, lists, spans of time."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ONES: list[str] = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
NUMBER_WORDS = {word: value for value, word in enumerate(_ONES)} | {word: value for value, word in _TENS.items()}

_IRREGULAR = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "mouse": "mice",
    "knife": "knives",
    "shelf": "shelves",
    "loaf": "loaves",
    "leaf": "leaves",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
}
_SAME = {"sheep", "broccoli", "scissors", "skis", "glasses", "trousers", "food", "furniture", "luggage", "cutlery"}
_PAIRS = {"scissors", "skis", "glasses", "trousers"}
_PIECES = dict.fromkeys(_PAIRS, "pair") | {"broccoli": "head"}
_PIECE_STARTS = tuple(f"{measure} of " for measure in sorted(set(_PIECES.values())))
_MASS = {"broccoli", "food", "furniture", "luggage", "cutlery"}

# Spelt with a vowel but spoken with a consonant, and vice versa.
_SPOKEN_CONSONANT = re.compile(r"(?:uni|use|usu|eu|one\b|once\b)")
_SPOKEN_VOWEL = re.compile(r"(?:hour|honest|heir|honour)")


def number_word(number: int) -> str:
    """0..99 in words, as a person would say it; digits beyond.

    >>> number_word(2), number_word(47), number_word(120)
    ('two', 'forty-seven', '120')
    """
    if not 0 <= number < 100:
        return str(number)
    if number < 20:
        return _ONES[number]
    tens, ones = number - number % 10, number % 10
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def number_of(word: str) -> int | None:
    """The inverse of `number_word`, digits included; None for any other word."""
    if word.isdecimal():
        return int(word)
    return _NUMBERS.get(word.lower())


def plural(noun: str) -> str:
    """The plural of a noun phrase: its last word changes ("wine glass" -> "wine glasses")."""
    if noun.startswith(_PIECE_STARTS):
        first, _, rest = noun.partition(" ")
        return f"{first}s {rest}"
    head, _, last = noun.rpartition(" ")
    start = f"{head} " if head else ""
    if last in _SAME:
        return noun
    if last in _IRREGULAR:
        return start + _IRREGULAR[last]
    if re.search(r"(?:s|x|z|ch|sh)$", last):
        return start + last + "es"
    if re.search(r"[^aeiou]y$", last):
        return start + last[:-1] + "ies"
    return start + last + "s"


def with_article(noun: str) -> str:
    """ "a cup", "an apple", "a unicorn", "a pair of scissors", "some broccoli"."""
    last = noun.rpartition(" ")[2]
    if noun.startswith(_PIECE_STARTS):
        return f"a {noun}"
    if last in _PAIRS:
        return f"a pair of {noun}"
    if last in _MASS:
        return f"some {noun}"
    lower = noun.lower()
    vowel = (lower[0] in "aeiou" and not _SPOKEN_CONSONANT.match(lower)) or bool(_SPOKEN_VOWEL.match(lower))
    return f"{'an' if vowel else 'a'} {noun}"


def piece(noun: str) -> str:
    """One of what has no singular of its own: "pair of scissors", "head of broccoli"; other nouns unchanged."""
    measure = _PIECES.get(noun.rpartition(" ")[2])
    return f"{measure} of {noun}" if measure else noun


def counted(count: int, noun: str) -> str:
    """ "a cup", "two cups", "two pairs of scissors"."""
    if count == 1:
        return with_article(noun)
    if noun.rpartition(" ")[2] in _PAIRS:
        return f"{number_word(count)} pairs of {noun}"
    return f"{number_word(count)} {plural(noun)}"


def exactly(count: int, noun: str) -> str:
    """Like `counted`, with the number always said: "one cup"; "no cups" for 0."""
    last = noun.rpartition(" ")[2]
    if count == 1 and last in _PAIRS:
        return f"one pair of {noun}"
    if count == 1:
        return f"one {noun}"
    return f"no {plural(noun)}" if count == 0 else counted(count, noun)


def be(count: int) -> str:
    return "is" if count == 1 else "are"


def listed(items: Sequence[str], joiner: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def ago(seconds: float) -> str:
    """How long ago, rounded as people say it."""
    if seconds < 20:
        return "a moment ago"
    if seconds < 50:
        return f"about {number_word(round(seconds / 10) * 10)} seconds ago"
    minutes = round(seconds / 60)
    if minutes <= 1:
        return "about a minute ago"
    if minutes < 50:
        return f"about {number_word(minutes)} minutes ago"
    hours = round(seconds / 3600)
    return "about an hour ago" if hours <= 1 else f"about {number_word(hours)} hours ago"


def sentence(words: str) -> str:
    """First letter large, one full stop at the end unless it already ends a sentence."""
    words = words.strip()
    if not words:
        return ""
    ends = words[-1] in ".!?" or (words[-1] in "”\"'" and words[-2:-1] in tuple(".!?"))
    return words[0].upper() + words[1:] + ("" if ends else ".")


_NUMBERS = {number_word(number): number for number in range(100)}
_NUMBERS |= {word.replace("-", " "): number for word, number in _NUMBERS.items() if "-" in word}
