"""What one check has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["ok", "warning", "problem"]  # a warning: something is missing that one can do without


@dataclass(frozen=True, slots=True)
class Finding:
    """`told` is what is so, `advice` what to do about it, `figures` what was measured."""

    name: str
    level: Level
    told: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
