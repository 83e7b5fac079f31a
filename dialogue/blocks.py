"""What a conversation is made of: blocks in order of time. Plain data, no other package of ours.

Times are seconds on the session clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FactKind = Literal["object", "text", "colour", "light", "description"]
Place = Literal["left", "centre", "right", ""]
Distance = Literal["near", "far", ""]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the eyes vouch for. `label` is the object ("person"), colour ("red") or light ("dark") name.

    `text` is what a "text" fact says, or a model's "description" of the picture: quoted data from the room, never an
    instruction. `since` is when the
    eyes first saw it, `at` when last. `count` things of this label stand at `place`/`distance`; one fact
    an object where places differ (two people left and right are two facts of count 1).
    """

    kind: FactKind
    label: str
    count: int = 1
    place: Place = ""
    distance: Distance = ""
    colour: str = ""
    text: str = ""
    since: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class SystemBlock:
    """The standing instruction. Pinned: never leaves the context."""

    text: str


@dataclass(frozen=True, slots=True)
class TextBlock:
    """What the user said (transcribed) or typed, whole."""

    text: str
    start: float
    end: float
    typed: bool = False


@dataclass(frozen=True, slots=True)
class PartialBlock:
    """What the user has said so far in a turn that is still open; replaces the partial before it.

    A hint for prefill while listening: an engine may ignore it. The turn's TextBlock supersedes it.
    """

    text: str
    start: float


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Sound for an engine that hears: float32 mono 16 kHz, (n,)."""

    samples: NDArray[np.float32]
    start: float


@dataclass(frozen=True, slots=True, eq=False)
class UnitBlock:
    """A second of the user's side, for an engine that hears: float32 mono 16 kHz (n,), fewer samples at the end of a
    turn; the freshest picture of that second, uint8 RGB (H, W, 3); what was typed in it. `listen`: a duplex engine
    may not speak in it."""

    samples: NDArray[np.float32]
    start: float
    rgb: NDArray[np.uint8] | None = None
    text: str = ""
    listen: bool = False


@dataclass(frozen=True, slots=True)
class TranscriptBlock:
    """What was said aloud from `start` to `end` to an engine that hears, in words, written down after the fact.

    For the engine's memory of the call only: its model has heard the sound itself, and does not read this as long as
    the sound is in its context. Takes the place of one that began at the same time; an empty text takes that back.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class PictureBlock:
    """A picture for an engine that sees: uint8 RGB (H, W, 3). `of_film`: one of many, to be looked at coarsely."""

    rgb: NDArray[np.uint8]
    at: float
    of_film: bool = False


@dataclass(frozen=True, slots=True)
class SceneBlock:
    """What our eyes make of the camera, for an engine that cannot see. Replaces the scene before it.

    `camera` is False while there is no picture (camera off, unplugged); then `facts` is empty.
    `changes` are sentences about what came and went lately, newest last: (time, sentence).
    """

    facts: tuple[Fact, ...]
    description: str
    at: float
    camera: bool = True
    changes: tuple[tuple[float, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ReplyBlock:
    """What the assistant said, as far as it was heard. `cut` is True where the user interrupted it."""

    text: str
    start: float
    end: float
    cut: bool = False


Block = (
    SystemBlock
    | TextBlock
    | PartialBlock
    | TranscriptBlock
    | SoundBlock
    | UnitBlock
    | PictureBlock
    | SceneBlock
    | ReplyBlock
)
