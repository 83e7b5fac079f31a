"""What people write to the assistant outside of a call: text with pictures, recordings and films. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from audio.chunk import Chunk, Samples
from vision.picture import Picture

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Sound: float32 mono at 16 kHz."""

    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Sound and pictures in order of time, as they come from a file; read once."""

    perceived: Iterable[Chunk | Picture]


Item = str | Picture | Recording | Film


@dataclass(frozen=True, slots=True, eq=False)
class RequestMessage:
    role: Role
    items: Sequence[Item]
