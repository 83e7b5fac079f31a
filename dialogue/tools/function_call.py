"""A function call as a model writes it, whatever its format. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call. `problem` is the reason why it could not be parsed; `arguments` is then empty. `number` is its id,
    where a chat server gave it one."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    number: str = ""
