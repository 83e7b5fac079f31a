"""What every stage needs of its session: its clock and a way to say something to the outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stream.runtime.events import Expressed


@dataclass(frozen=True, slots=True)
class Link:
    """`now()` is seconds on the session clock; `emit` never blocks."""

    now: Callable[[], float]
    emit: Callable[[Expressed], None]
