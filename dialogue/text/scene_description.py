"""The facts of a scene as one line for the page. By rule: nothing is said that is not in the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dialogue.blocks import CameraTrouble, Fact
from dialogue.text.grammar import listed
from dialogue.text.scene_phrases import quoted, thing

DARK = "The picture is dark: the lens is covered, or there is no light."

_PLACES = ("left", "centre", "right", "")
_MOST_THINGS = 6
_MOST_SIGNS = 3
_MOST_CHARACTERS = 120  # of one quotation
_INNER_QUOTES = str.maketrans("“”", '""')  # the outer ones must stay the only ones


def scene_description(facts: Sequence[Fact]) -> str:
    """ "A person in the middle, a laptop on the left; a sign says “EXIT 42”."

    Every fact is described as present: leave out texts that are only remembered.
    """
    light = next((fact.label for fact in facts if fact.kind == "light"), "")
    things = _things([fact for fact in facts if fact.kind == "object"])
    signs = _signs([fact.text for fact in facts if fact.kind == "text"])
    if not things and not signs:
        return _nothing([fact.label for fact in facts if fact.kind == "colour"], light)
    line = "; ".join(part for part in (things, signs) if part)
    shade = f" It is {light}." if light in ("dark", "dim") else ""
    return f"{line[0].upper()}{line[1:]}.{shade}"


def trouble_description(trouble: CameraTrouble) -> str:
    """What a camera in trouble does; empty without."""
    match trouble:
        case "stopped":
            return "The camera has stopped sending pictures."
        case "frozen":
            return "The camera's picture is frozen: it is the same all the time."
        case "":
            return ""


def _things(facts: Sequence[Fact]) -> str:
    """All things by kind, in the order of the facts; colours and distances are left out."""
    kinds: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        places = kinds.setdefault(fact.label, {})
        here = places.get(fact.place)
        same_name = fact.name if here is None or here.name == fact.name else ""
        places[fact.place] = replace(fact, count=fact.count + (here.count if here else 0), colour="", name=same_name)
    phrases = [thing([places[place] for place in _PLACES if place in places]) for places in kinds.values()]
    if len(phrases) > _MOST_THINGS:
        phrases = [*phrases[:_MOST_THINGS], "and a few other things"]
    return ", ".join(phrases)


def _signs(texts: Sequence[str]) -> str:
    shown = [quoted(_cut(text.translate(_INNER_QUOTES))) for text in texts[:_MOST_SIGNS]]
    return f"{'signs say' if len(shown) > 1 else 'a sign says'} {listed(shown)}" if shown else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1].rstrip()}…"


def _nothing(colours: Sequence[str], light: str) -> str:
    if light == "dark":
        return DARK
    if not light:
        return "There is no picture yet."
    mostly = f"; the picture is mostly {listed(colours[:2])}" if colours else ""
    return f"Nothing that I know by name{mostly}."
