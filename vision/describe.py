"""A scene in one line, in words a person would use. Text that was read is quoted data, whatever it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vision.quoted import cleaned

if TYPE_CHECKING:
    from vision.scene import SceneFact

_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_PLURALS = {"person": "people", "mouse": "mice", "knife": "knives", "sheep": "sheep", "skis": "skis"}
_ALWAYS_MANY = frozenset({"scissors", "skis"})
_PLACES = {"left": "on the left", "centre": "in the centre", "right": "on the right"}


def article(noun: str) -> str:
    """The noun with a or an."""
    if noun in _ALWAYS_MANY:
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun if noun in _ALWAYS_MANY else f"{noun}es"
    return f"{noun}s"


def how_many(count: int, noun: str) -> str:
    """ "a person", "three people"."""
    if count == 1:
        return article(noun)
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {plural(noun)}"


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def describe(facts: Sequence[SceneFact]) -> str:
    """ "A person in the centre and a laptop on the left. A sign says "EXIT 42"." """
    things = [_thing(fact) for fact in facts if fact.kind == "object"]
    signs = [f'"{cleaned(fact.text)}"' for fact in facts if fact.kind == "text"]
    sentences = []
    if things:
        sentences.append(f"{listed(things)}.")
    if signs:
        sentences.append(f"{'a sign says' if len(signs) == 1 else 'signs say'} {listed(signs)}.")
    light = next((fact.label for fact in facts if fact.kind == "light"), "normal")
    if light == "dark":
        sentences.append("it is dark." if sentences else "it is too dark to see anything.")
    elif not sentences:
        sentences.append("nothing that can be named.")
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


def _thing(fact: SceneFact) -> str:
    noun = how_many(fact.count, fact.label)
    return f"{noun} {_PLACES[fact.place]}" if fact.place else noun
