"""Says what differs between two views, of two pictures or of two moments of a film: by rule, as recognised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from dialogue.blocks import SceneBlock
from dialogue.shown.shown_thing import View
from dialogue.text.grammar import counted, listed
from dialogue.text.labels import spoken
from dialogue.text.scene_phrases import quoted

_SAME_TEXT = 0.8  # share of equal characters from which on a row is the same, read again
_PLACES = {"left": "the left", "right": "the right", "centre": "the middle"}
_MOST_ROWS = 3


def differences(old: View, new: View, here: str = "in the second picture") -> list[str]:
    """Clauses about what came, went and moved, and about the text; `here` says where `new` is."""
    return [*_things(old.scene, new.scene, here), *_moved(old.scene, new.scene), *_texts(old.rows, new.rows)]


def more_things(old: SceneBlock, new: SceneBlock) -> list[str]:
    """What there is more of in the new scene, with how many: "a cup", "two books"."""
    return [counted(count, spoken(label)) for label, count in (_counts(new) - _counts(old)).items()]


def _things(old: SceneBlock, new: SceneBlock, here: str) -> list[str]:
    before, after = _counts(old), _counts(new)
    gone, came = before - after, after - before
    said = []
    if came:
        said.append(f"{here} there {'are' if came.total() > 1 else 'is'} also {listed(more_things(old, new))}".strip())
    if gone:
        things = [
            f"the {spoken(label)}" if count == 1 and before[label] == 1 else counted(count, spoken(label))
            for label, count in gone.items()
        ]
        said.append(f"{listed(things)} {'are' if gone.total() > 1 else 'is'} gone")
    return said


def _counts(scene: SceneBlock) -> Counter[str]:
    counts = Counter[str]()
    for fact in scene.facts:
        if fact.kind == "object":
            counts[fact.label] += fact.count
    return counts


def _moved(old: SceneBlock, new: SceneBlock) -> list[str]:
    """Single things that stand elsewhere."""
    before, after = _places(old), _places(new)
    return [
        f"the {spoken(label)} has moved from {_PLACES[before[label]]} to {_PLACES[place]}"
        for label, place in after.items()
        if place in _PLACES and before.get(label, place) in _PLACES and before.get(label, place) != place
    ]


def _places(scene: SceneBlock) -> dict[str, str]:
    facts = [fact for fact in scene.facts if fact.kind == "object"]
    counts = _counts(scene)
    return {fact.label: fact.place for fact in facts if counts[fact.label] == 1}


def _texts(old: Sequence[str], new: Sequence[str]) -> list[str]:
    gone = [row for row in old if not any(_same(row, other) for other in new)]
    came = [row for row in new if not any(_same(row, other) for other in old)]
    if gone and len(gone) == len(came):
        return [f"{quoted(was)} has become {quoted(now)}" for was, now in zip(gone, came, strict=True)]
    return [
        *([f"it says {_quoted(came)}"] if came else []),
        *([f"it no longer says {_quoted(gone)}"] if gone and old else []),
    ]


def _quoted(rows: Sequence[str]) -> str:
    more = " and more" if len(rows) > _MOST_ROWS else ""
    return listed([quoted(row) for row in rows[:_MOST_ROWS]]) + more


def _same(a: str, b: str) -> bool:
    """The same words, apart from letters that were read differently; a figure that differs is a change."""
    a, b = a.casefold(), b.casefold()
    if re.findall(r"\d", a) != re.findall(r"\d", b):
        return False
    return a == b or SequenceMatcher(None, a, b, autojunk=False).ratio() >= _SAME_TEXT
