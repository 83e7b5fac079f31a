"""Reads the question files: scenes with questions about them, general questions, everyday questions.

There are two halves. `development` may be looked at while rules and prompts change; `held_out` is for figures alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from dialogue.blocks import Distance, Fact, Place

FOLDER = Path(__file__).parent
HALVES = ("held_out", "development")

_COUNTABLE = ("label", "place", "distance", "colour")


@dataclass(frozen=True, slots=True)
class Question:
    """`rules` are those of `judging`; `kind` is the heading under which the figures are listed."""

    kind: str
    text: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SceneView:
    """What is in view: facts, or rows of text that are drawn as a picture and read by OCR."""

    facts: tuple[Fact, ...] = ()
    changes: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    size: int = 30  # pixels of a letter's height


@dataclass(frozen=True, slots=True)
class AskedScene:
    """`views` follow one another: in a call where `in_call`, else as the pictures of one message."""

    name: str
    views: tuple[SceneView, ...]
    in_call: bool
    questions: tuple[Question, ...]


def scenes(half: str) -> list[AskedScene]:
    """The scenes of a half, with their questions."""
    return [_scene(entry) for entry in _read(half, "scenes")["scene"]]


def everyday(half: str) -> list[Question]:
    """Questions that need no camera, with checkable answers."""
    return [_question(row) for row in _read(half, "everyday")["ask"]]


def general(half: str) -> list[str]:
    """Questions that share words with the rules and are not about the scene."""
    return _lines(half, "general")


def talk(half: str) -> list[str]:
    """What else is said beside a scene and is not about it."""
    return _lines(half, "talk")


def _lines(half: str, name: str) -> list[str]:
    lines = (FOLDER / half / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _read(half: str, name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / half / f"{name}.toml").read_text(encoding="utf-8"))


def _scene(entry: Mapping[str, Any]) -> AskedScene:
    views = entry.get("pictures") or [*entry.get("before", ()), entry["view"]]
    return AskedScene(
        entry["name"],
        tuple(_view(view) for view in views),
        "pictures" not in entry,
        tuple(_question(row) for row in entry["ask"]),
    )


def _question(row: Sequence[str]) -> Question:
    kind, text, *rules = row
    return Question(kind, text, tuple(rules))


def _view(view: Mapping[str, Any]) -> SceneView:
    facts = [
        *_things(view.get("things", ())),
        *(Fact("text", "", text=text) for text in view.get("texts", ())),
        *(Fact("colour", name) for name in view.get("colours", ())),
        *(Fact("light", view[name]) for name in ("light",) if name in view),
    ]
    rows = tuple(tuple(row) for row in view.get("rows", ()))
    return SceneView(tuple(facts), tuple(view.get("changes", ())), rows, view.get("size", 30))


def _things(lines: Sequence[str]) -> list[Fact]:
    """ "car right far white" twice -> one fact with count 2, as the vision models report it."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[line] = counts.get(line, 0) + 1
    return [_thing(line, count) for line, count in counts.items()]


def _thing(line: str, count: int) -> Fact:
    """Words after the label: place, distance, colour, each at most once."""
    words = line.split()
    place: Place = next((word for word in get_args(Place) if word and word in words), "")
    distance: Distance = next((word for word in get_args(Distance) if word and word in words), "")
    rest = [word for word in words if word not in (place, distance)]
    at = len(rest)
    if place or distance:  # the label stands before the place; what follows it is the colour
        at = min(words.index(word) for word in (place, distance) if word)
    colour = " ".join(word for word in words[at:] if word not in (place, distance))
    return Fact("object", " ".join(words[:at]), count, place, distance, colour)
