"""What came, went or changed in a scene, as data. Plain data: sentences about it are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChangeKind = Literal[
    "thing came", "thing left", "sign came", "sign changed", "sign left", "sign returned", "light left", "light came"
]


@dataclass(frozen=True, slots=True)
class SceneChange:
    """One change at session time `at`, in seconds.

    `label` is the thing's kind and `others` the number of its kind that are in view besides it. `text` is what the
    sign says, as quoted data, and `before` what it said before it changed.
    """

    kind: ChangeKind
    at: float
    label: str = ""
    others: int = 0
    text: str = ""
    before: str = ""
