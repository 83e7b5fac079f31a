"""The result of one check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["ok", "warning", "problem"]  # warning: something optional is missing


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` states the result, `advice` what to do about it, `figures` the measurements."""

    name: str
    level: Level
    message: str
    advice: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
