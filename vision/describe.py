"""Facts of a scene -> one line in words a person would use. By rule: it says nothing that is not in the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vision.phrases import counted, listed, number_word
from vision.quoted import cleaned
from vision.scene_fact import SceneFact

_PLACES = {"left": "on the left", "centre": "in the centre", "right": "on the right", "": ""}
_MOST_THINGS = 6
_MOST_SIGNS = 3
_MOST_LETTERS = 120  # of one quotation


def describe(scene_facts: Sequence[SceneFact], light: str) -> str:
    """ "A person in the centre, a laptop on the left; a sign says “EXIT 42”." `light` is a word or empty.

    All facts are told as present: leave out the texts that are only remembered.
    """
    things = _things([fact for fact in scene_facts if fact.kind == "object"])
    signs = _signs(scene_facts)
    if not things and not signs:
        return _nothing([fact.label for fact in scene_facts if fact.kind == "colour"], light)
    line = "; ".join(part for part in (things, signs) if part)
    shade = f" It is {light}." if light in ("dark", "dim") else ""
    return f"{line[0].upper()}{line[1:]}.{shade}"


def _things(facts: Sequence[SceneFact]) -> str:
    """All things by kind, in the order of the facts."""
    kinds: dict[str, dict[str, int]] = {}
    for fact in facts:
        places = kinds.setdefault(fact.label, {})
        places[fact.place] = places.get(fact.place, 0) + fact.count
    phrases = [_kind(label, places) for label, places in kinds.items()]
    if len(phrases) > _MOST_THINGS:
        return ", ".join([*phrases[:_MOST_THINGS], "and a few other things"])
    return ", ".join(phrases)


def _kind(label: str, places: Mapping[str, int]) -> str:
    """ "a person on the left", or "two people, one on the left and one on the right"."""
    whole = counted(label, sum(places.values()))
    if len(places) == 1:
        return f"{whole} {_PLACES[next(iter(places))]}".strip()
    order = [place for place in _PLACES if place and place in places]
    return f"{whole}, {listed([f'{number_word(places[place])} {_PLACES[place]}' for place in order])}"


def _signs(facts: Sequence[SceneFact]) -> str:
    texts = [f"“{cleaned(fact.text, _MOST_LETTERS)}”" for fact in facts if fact.kind == "text"]
    if len(texts) < 2:
        return "".join(f"a sign says {text}" for text in texts)
    return f"signs say {listed(texts[:_MOST_SIGNS])}"


def _nothing(colours: Sequence[str], light: str) -> str:
    if light == "dark":
        return "It is too dark to see anything."
    if not light:
        return "There is no picture yet."
    mostly = f"; the picture is mostly {listed(colours[:2])}" if colours else ""
    return f"Nothing that I know by name{mostly}."
