"""How many sessions this machine holds at once, and how that is known. Plain numbers; `admission.py` applies them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dialogue.engines.entry import Cost, Speed
from stream.models.setup import Setup


@dataclass(frozen=True, slots=True)
class Capacity:
    """`sessions` is at least 1. `about` is for the line a server starts with. `at_most`: it leaves out what
    recognition, vision and voice cost, and so can only lower the number of sessions."""

    sessions: int
    about: str
    at_most: bool = False

    @classmethod
    def of_setup(cls, setup: Setup) -> Capacity:
        return cls(setup.capacity, f"{_conversations(setup.capacity)} at once, as the setup {setup.name} says")

    @classmethod
    def measured(cls, cost: Cost) -> Capacity:
        """One session is admitted even where the machine cannot keep up with it: its user sees how it lags."""
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
    """The number that the user asks for; else what was measured when the parts were opened. The setup's number where
    nothing was measured, or where only the engine was and it allows more."""
    if setup.sessions is not None:
        return Capacity(setup.sessions, f"{_conversations(setup.sessions)} at once, as --sessions asks")
    found = parts.capacity
    if found is None or (found.at_most and found.sessions >= setup.capacity):
        return Capacity.of_setup(setup)
    return found
