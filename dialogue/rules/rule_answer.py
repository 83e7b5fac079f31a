"""An answer by rule, and whether it was looked up in what is remembered. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """`at` is the session time of what is told again; None where the present answers, or nothing was found."""

    text: str
    at: float | None = None
