"""Relations between objects in view, from their boxes: on, under, in front of, next to, left of, right of.

A picture has no depth, so a relation is said only where the boxes hardly allow another; left and right are those of
the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from vision.box import Box, area, centre, inside
from vision.tracking import Track

RelationKind = Literal["on", "under", "in front of", "next to", "left of", "right of"]

MOST_OBJECTS = 10  # that are compared, oldest first
_SUPPORTS = frozenset({"dining table", "bed", "couch", "chair", "bench"})
_WORN = frozenset({"tie"})
_SLACK = 0.02  # of the picture's height: how far boxes of things that touch may be apart
_GAP = 0.75  # of the wider one's width, between neighbours
_SAME_HEIGHT = 0.4  # share of the lower one's height at which both stand
_HELD = 0.7  # share of a thing in front of a person


@dataclass(frozen=True, slots=True)
class Relation:
    """The thing called `label` is `kind` the one called `other`: a cup on a dining table."""

    label: str
    kind: RelationKind
    other: str


def relations(tracks: Sequence[Track]) -> tuple[Relation, ...]:
    """What holds for each pair, the closest relation of a pair first."""
    compared = [track for track in tracks if track.label not in _WORN][:MOST_OBJECTS]
    pairs = [(thing, other) for thing in compared for other in compared if thing is not other]
    return tuple(Relation(thing.label, kind, other.label) for thing, other in pairs for kind in _kinds(thing, other))


def _kinds(thing: Track, other: Track) -> Iterator[RelationKind]:
    a, b = thing.box, other.box
    carried = other.label in _SUPPORTS and thing.label not in _SUPPORTS and area(a) < area(b) and _is_above(a, b)
    if carried and a[1] > (b[1] + b[3]) / 2 and a[3] >= b[3] - _SLACK:
        yield "under"
    elif carried and b[1] - _SLACK <= a[3] <= b[3] + _SLACK:
        yield "on"
    elif other.label == "person" and thing.label != "person" and area(a) < area(b) and inside(a, b) >= _HELD:
        yield "in front of"
    elif _are_neighbours(a, b):
        yield "next to"
    if a[2] <= centre(b)[0] and centre(a)[0] < b[0]:
        yield "left of"
    if a[0] >= centre(b)[0] and centre(a)[0] > b[2]:
        yield "right of"


def _is_above(a: Box, b: Box) -> bool:
    """Whether the middle of `a` is within the width of `b`."""
    return b[0] <= centre(a)[0] <= b[2]


def _are_neighbours(a: Box, b: Box) -> bool:
    """Beside each other without one in the other, at the same height."""
    gap = max(a[0], b[0]) - min(a[2], b[2])
    shared = min(a[3], b[3]) - max(a[1], b[1])
    widths = a[2] - a[0], b[2] - b[0]
    return -0.3 * min(widths) <= gap <= _GAP * max(widths) and shared >= _SAME_HEIGHT * min(a[3] - a[1], b[3] - b[1])
