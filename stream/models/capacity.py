"""Decides how many sessions this machine runs at once, from a measurement or the setup. `admission.py` applies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dialogue.engines.entry import Cost, Speed
from stream.models.setup import Setup


@dataclass(frozen=True, slots=True)
class Capacity:
    """The number of sessions, at least 1.

    `about` is for the line that a server prints when it starts. `at_most`: the measurement leaves out ASR, vision and
    TTS, so it can only lower the setup's number.
    """

    sessions: int
    about: str
    at_most: bool = False

    @classmethod
    def of_setup(cls, setup: Setup) -> Capacity:
        """The setup's number, where nothing was measured."""
        return cls(setup.capacity, f"{_conversations(setup.capacity)} at once, as the setup {setup.name} says")

    @classmethod
    def from_units(cls, cost: Cost) -> Capacity:
        """From units measured together. One session is admitted even where the machine cannot keep up with it."""
        fit = cost.sessions()
        if fit == 0:
            return cls(1, f"1 conversation, which will lag: a second of it takes this machine {cost.seconds(1):.1f} s")
        of = "it" if fit == 1 else "them"
        return cls(fit, f"{_conversations(fit)} at once: a second of {of} takes {cost.seconds(fit):.2f} s, measured")

    @classmethod
    def from_replies(cls, speed: Speed) -> Capacity:
        """From the measured speed of replies. One session is admitted even where the machine cannot keep up with it."""
        fit = speed.sessions()
        if fit == 0:
            lag = f"a second of its answer takes this machine {speed.seconds(1):.1f} s"
            return cls(1, f"1 conversation, which will lag: {lag}", at_most=True)
        return cls(fit, f"{_conversations(fit)} at once: more would outrun the model or the memory", at_most=True)


def _conversations(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count} conversations"


class MeasuredParts(Protocol):
    """What sessions share, once it is open and measured."""

    @property
    def capacity(self) -> Capacity | None: ...


def capacity_of(parts: MeasuredParts, setup: Setup) -> Capacity:
    """The number that the user asks for, else the measured one. The setup's number where nothing was measured, or where
    only the engine was measured and would allow more."""
    if setup.sessions is not None:
        return Capacity(setup.sessions, f"{_conversations(setup.sessions)} at once, as --sessions asks")
    measured = parts.capacity
    if measured is None or (measured.at_most and measured.sessions >= setup.capacity):
        return Capacity.of_setup(setup)
    return measured
