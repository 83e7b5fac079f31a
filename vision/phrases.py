"""English for things in view: number words, plurals, articles, and sentences about coming and going."""

from __future__ import annotations

from collections.abc import Sequence

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

# How people call some kinds, and plurals that no rule makes.
_CALLED = {
    "tv": "TV",
    "cell phone": "phone",
    "dining table": "table",
    "potted plant": "plant",
    "airplane": "plane",
    "sports ball": "ball",
    "hair drier": "hair dryer",
    "remote": "remote control",
}
_PLURALS = {
    "person": "people",
    "sheep": "sheep",
    "mouse": "mice",
    "knife": "knives",
    "skis": "pairs of skis",
    "scissors": "pairs of scissors",
    "broccoli": "heads of broccoli",
}
_SINGULARS = {"skis": "pair of skis", "scissors": "pair of scissors", "broccoli": "head of broccoli"}
_ALIVE = frozenset({"person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})


def number_word(count: int) -> str:
    """Words up to twelve, then digits."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def plural(label: str) -> str:
    """Of a detector's label, as people call it."""
    if label in _PLURALS:
        return _PLURALS[label]
    name = _CALLED.get(label, label)
    return name + ("es" if name.endswith(("s", "sh", "ch", "x")) else "s")


def with_article(name: str) -> str:
    """ "a cup", "an apple"."""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def counted(label: str, count: int) -> str:
    """ "a person", "two people", "13 cups"."""
    if count == 1:
        return with_article(_name(label))
    return f"{number_word(count)} {plural(label)}"


def listed(phrases: Sequence[str]) -> str:
    """ "a, b and c"."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def came(label: str, others: int) -> str:
    """A thing is new; `others` of its kind were there already."""
    who = f"another {_name(label)}" if others else with_article(_name(label))
    return f"{who} came in" if label in _ALIVE else f"{who} appeared"


def left(label: str, others: int) -> str:
    """A thing is gone; `others` of its kind are still there."""
    if others:
        return f"one of the {plural(label)} {'left' if label in _ALIVE else 'is gone'}"
    return f"the {_name(label)} {'left' if label in _ALIVE else 'is gone'}"


def _name(label: str) -> str:
    return _SINGULARS.get(label) or _CALLED.get(label, label)
