"""Sentences about what came, went or changed in view. By rule: nothing is said that is not in the data."""

from __future__ import annotations

from typing import Literal, Protocol

from dialogue.text.grammar import piece, plural, with_article
from dialogue.text.labels import ANIMATE, spoken
from dialogue.text.scene_phrases import quoted

ChangeKind = Literal[
    "thing came", "thing left", "sign came", "sign changed", "sign left", "sign returned", "light left", "light came"
]


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
        case "thing came":
            return _came(change.label, change.others)
        case "thing left":
            return _left(change.label, change.others)
        case "sign came":
            return f"a sign came into view: {quoted(change.text)}"
        case "sign changed":
            return f"the sign changed from {quoted(change.before)} to {quoted(change.text)}"
        case "sign left":
            return f"the sign {quoted(change.text)} is gone"
        case "sign returned":
            return f"the sign {quoted(change.text)} is back in view"
        case "light left":
            return "it got dark"
        case "light came":
            return "the light came back"


def _came(label: str, others: int) -> str:
    name = piece(spoken(label))
    return f"{f'another {name}' if others else with_article(name)} {'came in' if label in ANIMATE else 'appeared'}"


def _left(label: str, others: int) -> str:
    name = piece(spoken(label))
    which = f"one of the {plural(name)}" if others else f"the {name}"
    return f"{which} {'left' if label in ANIMATE else 'is gone'}"
