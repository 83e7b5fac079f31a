"""One row of the scene table. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vision.placing import Distance, Place

FactKind = Literal["object", "text", "colour", "light"]


@dataclass(frozen=True, slots=True)
class SceneFact:
    """One recognised thing; the fields are those of the conversation's facts.

    `name` is a finer one of an object ("mug" for a cup), where that is sure.
    `label` names an object, a colour or the light. `text` is quoted data. `count` things of this label and colour
    are at this `place` and `distance`. A text whose `at` is older than the scene has left the view.
    """

    kind: FactKind
    label: str
    count: int = 1
    place: Place = ""
    distance: Distance = ""
    colour: str = ""
    text: str = ""
    since: float = 0.0
    at: float = 0.0
    name: str = ""
