"""What is watched for and described in a session, as input and output events beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NarrationSwitched:
    """The user switched descriptions of what is seen on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class WatchDeleted:
    """The user deleted the rule of this number."""

    number: int


WatchControl = NarrationSwitched | WatchDeleted


@dataclass(frozen=True, slots=True)
class WatchShown:
    """One rule that is watched for, in words: "when a person comes in"."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class WatchingChanged:
    """All that is watched for now, and whether what is seen is described."""

    rules: tuple[WatchShown, ...]
    narrating: bool
