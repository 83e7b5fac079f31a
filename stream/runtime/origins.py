"""Events that say where a reply comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialogue.engine import TextDelta


@dataclass(frozen=True, slots=True)
class ReplyRecalled:
    """The reply comes from the event log: it reports what happened at `at`. Precedes its text."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class ReplyCited:
    """The reply comes from a document of the user's: `text` is quoted from there, `source` says where it stands.
    Precedes its text."""

    turn: int
    source: str
    text: str


def origins(turn: int, delta: TextDelta) -> Iterator[ReplyRecalled | ReplyCited]:
    """Where a reply comes from, if that is the log of the call or a document."""
    if delta.recalled is not None:
        yield ReplyRecalled(turn, delta.recalled)
    if delta.cited is not None:
        yield ReplyCited(turn, delta.cited.source, delta.cited.text)
