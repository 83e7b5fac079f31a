"""An answer by rule, and the remembered event behind it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """`at` is the session time of the remembered event and `line` its number in the event log; None if there is none,
    as for the present."""

    text: str
    at: float | None = None
    line: int | None = None
