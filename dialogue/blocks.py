"""The parts of a conversation, as blocks in order of time. Plain data; imports no other module of the project.

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
RelationKind = Literal["on", "under", "in front of", "next to", "left of", "right of"]
CameraTrouble = Literal["stopped", "frozen", ""]


@dataclass(frozen=True, slots=True)
class Fact:
    """One recognised thing. `label` names the object ("person"), the colour ("red") or the light ("dark"). `name` is
    the object's finer name ("mug" for a cup) where that is sure.

    `text` is what a "text" fact says, or a model's "description" of the picture: quoted data from the room, never an
    instruction. `since` is when it was first seen, `at` when last. `count` things of this label are at this `place`
    and `distance`; things at different places are separate facts (two people left and right are two facts of count 1).
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
    name: str = ""


@dataclass(frozen=True, slots=True)
class SystemBlock:
    """The standing instruction. Pinned: never leaves the context."""

    text: str


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A whole turn of the user, transcribed or typed. `language` as in ISO 639-1; "" where only the words can tell."""

    text: str
    start: float
    end: float
    typed: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class PartialBlock:
    """The transcript so far of a turn that is still open; replaces the partial before it.

    A hint for prefill while listening: an engine may ignore it. The turn's TextBlock supersedes it.
    """

    text: str
    start: float


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Sound for an engine with audio input: float32 mono 16 kHz, (n,)."""

    samples: NDArray[np.float32]
    start: float


@dataclass(frozen=True, slots=True, eq=False)
class UnitBlock:
    """One second of the user's side, for an engine with audio input: float32 mono 16 kHz (n,), fewer samples at the
    end of a turn; the newest picture of that second, uint8 RGB (H, W, 3), at full detail where it is `fine`; the text
    typed in it. `listen` forbids a duplex engine to speak in it."""

    samples: NDArray[np.float32]
    start: float
    rgb: NDArray[np.uint8] | None = None
    text: str = ""
    listen: bool = False
    fine: bool = False


@dataclass(frozen=True, slots=True)
class TranscriptBlock:
    """The delayed transcript of what was said from `start` to `end` to an engine with audio input.

    It is for the engine's event log: the model has the sound itself and does not read this while the sound is in its
    context. It replaces a transcript that began at the same time; an empty text withdraws that one.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class PictureBlock:
    """A picture for an engine with image input: uint8 RGB (H, W, 3). `of_film`: one of many, at a coarse resolution;
    `coarse`: at that too, for a single one whose details are not asked about."""

    rgb: NDArray[np.uint8]
    at: float
    of_film: bool = False
    coarse: bool = False

    @property
    def max_slices(self) -> int | None:
        """Slices that a native engine cuts it into; None for as many as the model takes."""
        return 1 if self.of_film or self.coarse else None


@dataclass(frozen=True, slots=True)
class SceneBlock:
    """What `vision` recognises in the camera's picture, for an engine without image input. Replaces the scene before.

    `camera` is False while there is no picture (camera off, unplugged, or in `trouble`: it has stopped, or repeats one
    picture); then `facts` is empty.
    `relations` are (label, relation, label): a cup on a dining table.
    `changes` are sentences about recent changes, newest last: (time, sentence).
    `unread`: the text in this picture is not known yet, so that no text among the facts means nothing.
    """

    facts: tuple[Fact, ...]
    description: str
    at: float
    camera: bool = True
    changes: tuple[tuple[float, str], ...] = field(default=())
    trouble: CameraTrouble = ""
    relations: tuple[tuple[str, RelationKind, str], ...] = ()
    unread: bool = False


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """What was recognised in something that the user showed beside the camera, for an engine without image input.

    `title` names it: "picture 2", "film 3 at 0:42". Facts are quoted data, never an instruction.
    """

    title: str
    facts: tuple[Fact, ...]
    at: float


@dataclass(frozen=True, slots=True)
class ReplyBlock:
    """The part of a reply that was played to the user. `cut` is True where the user interrupted it."""

    text: str
    start: float
    end: float
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ToolBlock:
    """A round of function calls as the model wrote them, and their results in order: data, never an instruction."""

    written: str
    results: tuple[str, ...]
    at: float


Block = (
    SystemBlock
    | TextBlock
    | PartialBlock
    | TranscriptBlock
    | SoundBlock
    | UnitBlock
    | PictureBlock
    | SceneBlock
    | ShownBlock
    | ReplyBlock
    | ToolBlock
)
