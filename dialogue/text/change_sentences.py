"""Sentences about what came, went, moved or changed in view. By rule: nothing is said that is not in the data."""

from __future__ import annotations

from typing import Literal, Protocol

from dialogue.text.grammar import piece, plural, with_article
from dialogue.text.labels import ANIMATE, spoken
from dialogue.text.scene_phrases import quoted

ChangeKind = Literal[
    "entered",
    "left",
    "moved left",
    "moved right",
    "approached",
    "receded",
    "text appeared",
    "text changed",
    "text gone",
    "text returned",
    "light off",
    "light on",
]

_MOVED = {
    "moved left": "moved to the left",
    "moved right": "moved to the right",
    "approached": "came closer",
    "receded": "went further away",
}


class Change(Protocol):
    """`label` is a detector's label, `others` the number of that kind in view besides this one; `text` and `before`
    are what a sign says and said."""

    @property
    def kind(self) -> ChangeKind: ...
    @property
    def label(self) -> str: ...
    @property
    def others(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def before(self) -> str: ...


def change_sentence(change: Change) -> str:
    """ "another person came in", "the cup is gone", "the sign changed from “OPEN” to “CLOSED”"."""
    match change.kind:
        case "entered":
            return _came(change.label, change.others)
        case "left":
            return _left(change.label, change.others)
        case "moved left" | "moved right" | "approached" | "receded":
            name = piece(spoken(change.label))
            return f"{f'one of the {plural(name)}' if change.others else f'the {name}'} {_MOVED[change.kind]}"
        case "text appeared":
            return f"a sign came into view: {quoted(change.text)}"
        case "text changed":
            return f"the sign changed from {quoted(change.before)} to {quoted(change.text)}"
        case "text gone":
            return f"the sign {quoted(change.text)} is gone"
        case "text returned":
            return f"the sign {quoted(change.text)} is back in view"
        case "light off":
            return "it got dark"
        case "light on":
            return "the light came back"


def _came(label: str, others: int) -> str:
    name = piece(spoken(label))
    return f"{f'another {name}' if others else with_article(name)} {'came in' if label in ANIMATE else 'appeared'}"


def _left(label: str, others: int) -> str:
    name = piece(spoken(label))
    which = f"one of the {plural(name)}" if others else f"the {name}"
    return f"{which} {'left' if label in ANIMATE else 'is gone'}"
