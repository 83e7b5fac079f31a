"""What came, went, moved or changed in a scene, as data. Plain data: sentences about it are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vision.placing import Distance, Place

SceneEventKind = Literal[
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


@dataclass(frozen=True, slots=True)
class SceneEvent:
    """One change, decided at session time `at`, in seconds: it has been voted on, so single errors cause none.

    The first six kinds are about an object: `number` is its identity in the session, `label` its kind, `colour` its
    colour where it is clear, `others` the number of its kind that are in view besides it, `place` and `distance` where
    it is now, or was last. Left and right are those of the picture. `text` is what a sign says, as quoted data, and
    `before` what it said before it changed.
    """

    kind: SceneEventKind
    at: float
    label: str = ""
    others: int = 0
    number: int = 0
    colour: str = ""
    place: Place = ""
    distance: Distance = ""
    text: str = ""
    before: str = ""
