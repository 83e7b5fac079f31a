"""The kinds of question about the camera, and a parsed question. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue.blocks import Place, RelationKind
from dialogue.text.labels import Thing

QuestionKind = Literal[
    "exists",  # is there a dog
    "count",  # how many people
    "where",  # where is the cup
    "size",  # how big is the cat: a picture does not tell
    "colour",  # what colour is the bottle
    "read",  # what does the sign say
    "describe",  # what do you see
    "related",  # is the cup on the table, what is next to the laptop
    "holding",  # what is this
    "variety",  # what kind of dog is this
    "change",  # what changed
    "light",  # is it dark
    "camera",  # can you see me
    "alone",  # am I alone
    "who",  # who is there: persons are detected, not recognised
    "beyond",  # am I smiling: about the picture, but beyond what vision recognises
]

When = Literal["now", "earlier", "first"]


@dataclass(frozen=True, slots=True)
class SceneQuestion:
    """A question about what the camera shows or showed.

    `things` are its subjects, `place` the part of the picture it is limited to ("" for all of it), `colour` the one
    asked for ("is it red"), `relation` how the things stand to the last of them; `when` is "first" for the beginning
    of the call.
    """

    kind: QuestionKind
    things: tuple[Thing, ...] = ()
    place: Place = ""
    colour: str = ""
    when: When = "now"
    relation: RelationKind | Literal[""] = ""
