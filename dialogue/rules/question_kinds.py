"""What kinds of question about the camera there are, and a question once understood. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dialogue.blocks import Place
from dialogue.text.labels import Thing

QuestionKind = Literal[
    "exists",  # is there a dog
    "count",  # how many people
    "where",  # where is the cup
    "colour",  # what colour is the bottle
    "read",  # what does the sign say
    "describe",  # what do you see
    "holding",  # what is this
    "change",  # what changed
    "light",  # is it dark
    "camera",  # can you see me
    "alone",  # am I alone
    "who",  # who is there: we see persons, we know nobody
    "beyond",  # am I smiling: about the picture, but more than these eyes can tell
]

When = Literal["now", "earlier", "first"]


@dataclass(frozen=True, slots=True)
class SceneQuestion:
    """A question about what the camera shows or showed.

    `things` are what it is about, `place` the part of the picture it is limited to ("" for all of it), `colour` is
    the one asked for ("is it red"); `when` is "first" for the beginning of the call.
    """

    kind: QuestionKind
    things: tuple[Thing, ...] = ()
    place: Place = ""
    colour: str = ""
    when: When = "now"
