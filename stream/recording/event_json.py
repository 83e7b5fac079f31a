"""Events and decisions of turn-taking as JSON, and back; other records of a session as JSON only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, cast, get_args

import numpy as np

from dialogue.errors import BadInput
from stream.turns.decisions import Announcement, Decision, Question
from stream.turns.events import TurnEvent

Json = dict[str, Any]
KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind for union in (TurnEvent, Decision, Question) for kind in get_args(union)
}


def to_json(record: object) -> Any:
    """A frozen record of records, numbers, texts and sequences as JSON; a record gets its `type`. Functions are left
    out. Floats keep every bit."""
    if is_dataclass(record):
        named = {each.name: getattr(record, each.name) for each in fields(record)}
        return {
            "type": type(record).__name__,
            **{name: to_json(each) for name, each in named.items() if not callable(each)},
        }
    match record:
        case None | bool() | str():
            return record
        case Enum():
            return record.value
        case Mapping():
            return {str(name): to_json(each) for name, each in record.items()}
        case int() | np.integer():
            return int(record)
        case float() | np.floating():
            return float(record)
        case list() | tuple():
            return [to_json(each) for each in record]
        case _:
            raise TypeError(f"{type(record).__name__} cannot be recorded.")


def turn_event(data: Json) -> TurnEvent:
    """The event that `to_json` wrote. Raises BadInput."""
    return cast(TurnEvent, _record(data, get_args(TurnEvent)))


def decision(data: Json) -> Decision:
    """The decision that `to_json` wrote. Raises BadInput."""
    return cast(Decision, _record(data, get_args(Decision)))


def _record(data: Json, kinds: tuple[type[Any], ...]) -> object:
    if not isinstance(data, dict) or KINDS.get(data.get("type", "")) not in kinds:
        raise BadInput(f"The recording has {str(data)[:60]} where an event or a decision was expected.")
    kind = KINDS[data["type"]]
    values = {name: _value(each) for name, each in data.items() if name != "type"}
    if kind is Announcement:
        values["over"] = lambda _heard: None
    try:
        return kind(**values)
    except TypeError as error:
        raise BadInput(f"The recording has a {data['type']} with other fields: {error}.") from error


def _value(data: object) -> object:
    return _record(data, tuple(KINDS.values())) if isinstance(data, dict) else data
