"""The table of turn-taking: a rule for each event and phase. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from stream.turns.decisions import Decision
from stream.turns.events import TurnEvent

P = TypeVar("P")

Rule = Callable[[Any, Any], list[Decision]]
Rows = Mapping[type[Any], tuple[Rule, ...]]
RuleTable = Mapping[type[Any], Mapping[P, Rule]]


def nothing(_turns: Any, _event: Any) -> list[Decision]:
    return []


def table(phases: Iterable[P], rows: Rows) -> RuleTable[P]:
    """Rows of rules, one rule for each phase in order. Every event has a row."""
    assert set(rows) == set(get_args(TurnEvent)), "Every event needs a row."
    columns = list(phases)
    return {kind: dict(zip(columns, row, strict=True)) for kind, row in rows.items()}
