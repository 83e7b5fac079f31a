"""How many sessions this machine holds at once, and how that is known. Plain numbers; admission is `places.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from stream.setup import Setup


class Cost(Protocol):
    """What several sessions take; `dialogue.minicpm.unit_cost.UnitCost` is one."""

    def seconds(self, sessions: int) -> float:
        """Of the worst second of so many."""
        ...

    def unit_seconds(self, sessions: int) -> float:
        """Of a unit of each of so many, computed together."""
        ...

    def sessions(self) -> int: ...


@runtime_checkable
class Measurable(Protocol):
    """A model whose sessions bring units, and that can tell what they cost."""

    def measure_units(self) -> Cost: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """`sessions` is at least 1. `about` is for the line a server starts with."""

    sessions: int
    about: str

    @classmethod
    def of_setup(cls, setup: Setup) -> Capacity:
        return cls(setup.capacity, f"{_conversations(setup.capacity)} at once, as the setup {setup.name} says")

    @classmethod
    def measured(cls, cost: Cost) -> Capacity:
        """One session is let in even where the machine cannot keep up with it: its user sees how it lags."""
        fit = cost.sessions()
        if fit == 0:
            return cls(1, f"1 conversation, which will lag: a second of it takes this machine {cost.seconds(1):.1f} s")
        return cls(fit, f"{_conversations(fit)} at once: a second of them takes {cost.seconds(fit):.2f} s, measured")


def _conversations(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count} conversations"


class Opened(Protocol):
    """What sessions share, once it is open."""

    @property
    def capacity(self) -> Capacity | None: ...


def capacity_of(parts: Opened, setup: Setup) -> Capacity:
    """What was measured when the parts were opened; what the setup says where nothing was."""
    return parts.capacity or Capacity.of_setup(setup)
