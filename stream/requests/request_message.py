"""Messages of a request outside a call: text with pictures, recordings and films. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from audio.chunk import Chunk, Samples
from dialogue.tools.function_call import FunctionCall
from vision.picture import Picture

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Sound: float32 mono at 16 kHz."""

    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Sound and pictures in order of time, as they come from a file; iterated once."""

    perceived: Iterable[Chunk | Picture]


@dataclass(frozen=True, slots=True)
class CallsMade:
    """A round of calls of functions that the model made in an earlier answer, and their results, JSON each."""

    calls: tuple[FunctionCall, ...]
    results: tuple[str, ...]


Item = str | Picture | Recording | Film | CallsMade


@dataclass(frozen=True, slots=True, eq=False)
class RequestMessage:
    """A message of the role "tool" holds one CallsMade, and no other one does."""

    role: Role
    items: Sequence[Item]
