"""What an application adds to a session while it runs: input events, beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InstructionGiven:
    """The standing instruction from now on, in place of the one before; for an engine that takes turns and text."""

    text: str


@dataclass(frozen=True, slots=True)
class CommentaryGiven:
    """An application adds `text`, which is said as soon as the floor is free."""

    text: str
