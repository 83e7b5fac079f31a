"""How many sessions this machine holds at once, and how that is known. Plain numbers; admission is `places.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from stream.models.setup import Setup


class Cost(Protocol):
    """What several sessions take; `dialogue.minicpm.sizing.unit_cost.UnitCost` is one."""

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


class Speed(Protocol):
    """What answers of several sessions take; `dialogue.sizing.pace.Pace` is one."""

    def seconds(self, sessions: int) -> float: ...
    def sessions(self) -> int: ...


@runtime_checkable
class Paced(Protocol):
    """A model whose sessions bring no units, and that can tell how fast it makes their answers."""

    def measure_pace(self) -> Speed: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """`sessions` is at least 1. `about` is for the line a server starts with. `at_most`: it leaves out what ears, eyes
    and voice cost, and so can only be a reason for fewer sessions."""

    sessions: int
    about: str
    at_most: bool = False

    @classmethod
    def of_setup(cls, setup: Setup) -> Capacity:
        return cls(setup.capacity, f"{_conversations(setup.capacity)} at once, as the setup {setup.name} says")

    @classmethod
    def measured(cls, cost: Cost) -> Capacity:
        """One session is let in even where the machine cannot keep up with it: its user sees how it lags."""
        fit = cost.sessions()
        if fit == 0:
            return cls(1, f"1 conversation, which will lag: a second of it takes this machine {cost.seconds(1):.1f} s")
        of = "it" if fit == 1 else "them"
        return cls(fit, f"{_conversations(fit)} at once: a second of {of} takes {cost.seconds(fit):.2f} s, measured")

    @classmethod
    def paced(cls, speed: Speed) -> Capacity:
        fit = speed.sessions()
        if fit == 0:
            lag = f"a second of its answer takes this machine {speed.seconds(1):.1f} s"
            return cls(1, f"1 conversation, which will lag: {lag}", at_most=True)
        return cls(fit, f"{_conversations(fit)} at once: more would outrun the model or the memory", at_most=True)


def _conversations(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count} conversations"


class Opened(Protocol):
    """What sessions share, once it is open."""

    @property
    def capacity(self) -> Capacity | None: ...


def capacity_of(parts: Opened, setup: Setup) -> Capacity:
    """What the user wants; else what was measured when the parts were opened; what the setup says where nothing was, or
    where only the mind was and it is no reason for fewer."""
    if setup.sessions is not None:
        return Capacity(setup.sessions, f"{_conversations(setup.sessions)} at once, as you wish")
    found = parts.capacity
    if found is None or (found.at_most and found.sessions >= setup.capacity):
        return Capacity.of_setup(setup)
    return found
