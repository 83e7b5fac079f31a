"""An engine: one conversation's view of a model, in this process or behind HTTP.

The wiring reads `can` and adds a transcriber, a describer or a voice where the engine has none. Weights are
shared by the process; an Engine is the state of one session. Engines start no task and own no thread: heavy
steps are awaited through the `Runner` they were opened with.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dialogue.blocks import Block, UnitBlock

T = TypeVar("T")


class Runner(Protocol):
    """Runs one model step off the event loop, in order. `stream.runtime.device_thread.DeviceThread.run` is one."""

    def __call__(self, step: Callable[..., T], *args: Any) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine does itself.

    `duplex`: it is asked after every unit and may answer by listening on. `in_order`: a turn may hold several texts
    between pictures and sound, and they keep the order in which they were fed. `tools`: it calls functions. `reads`: it
    answers questions about a text that it is given.
    """

    hears: bool
    sees: bool
    speaks: bool
    duplex: bool = False
    in_order: bool = False
    tools: bool = False
    reads: bool = True


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the reply's text.

    `recalled`: this answer was looked up in the event log; the session time of what it tells. On the first piece.
    """

    text: str
    recalled: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SoundDelta:
    """The next piece of the reply's sound, of an engine that speaks: float32 mono (n,)."""

    samples: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, slots=True)
class Listening:
    """A duplex engine decided to listen on: the floor is the user's."""


Delta = TextDelta | SoundDelta | Listening


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the conversation to come back to. Opaque outside the engine that made it."""

    position: int
    serial: int = 0


@dataclass(frozen=True, slots=True)
class ContextUse:
    """For the page's meter: tokens in the cache by kind of block, the limit, and what has been dropped so far.

    Where an engine knows: `blocks` are all in the cache in their order, (kind, tokens) each, and `dropped` counts
    by kind those that have left.
    """

    tokens: dict[str, int]
    limit: int
    dropped_blocks: int = 0
    blocks: tuple[tuple[str, int], ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineFactories:
    """A factory of engines for calls that has a calmer one for what is written, on the same weights."""

    live: Callable[[], Engine]
    chat: Callable[[], Engine]

    def __call__(self) -> Engine:
        return self.live()


class Engine(Protocol):
    """Five verbs. `feed` in order of time; a mark stays good until something before it is rewound or dropped.

    `reply` is asked for once the user's TextBlock (or sound) has been fed; closing the iterator stops it, and
    what it had said stays in the engine's context until `rewind`. After an interruption the caller rewinds to
    the mark taken before `reply` and feeds the ReplyBlock with what was really heard; the same ReplyBlock,
    uncut, is fed after a reply that was heard to its end. An engine makes that cheap by keeping the common
    prefix. Raises EngineLost when this conversation cannot go on.
    """

    can: Capabilities

    async def feed(self, block: Block) -> None: ...
    def reply(self) -> AsyncIterator[Delta]: ...
    async def mark(self) -> Mark: ...
    async def rewind(self, mark: Mark) -> None: ...
    async def close(self) -> None: ...
    def context(self) -> ContextUse: ...


@runtime_checkable
class SemanticTurnJudge(Protocol):
    """What sessions share, where its model has an opinion of transcripts: has the user finished?"""

    def finished(self, text: str) -> float:
        """0..1, to be read with `dialogue.engines.semantic_turn`; on the model's thread."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class UnitAnswer:
    """What an engine made of a unit. It listened, or said `text` in it, with its `sound` where it speaks itself.

    `turn_over`: it has come to the end of what it wanted to say. `left` are the numbers of the units that had to
    leave its context; units are counted from 0.
    """

    number: int
    listening: bool = True
    text: str = ""
    sound: SoundDelta | None = None
    turn_over: bool = False
    left: tuple[int, ...] = ()


class UnitEngine(Engine, Protocol):
    """An engine that hears. Its units come in through `UnitModel.compute_together`."""

    async def break_off(self, characters: int) -> None:
        """Duplex: the user interrupted what it is saying, of which so many characters of text were heard. The
        ReplyBlock with those, cut, is fed behind it."""
        ...


@runtime_checkable
class UnitModel(Protocol):
    """What the sessions of an engine that hears share. Calling it makes a session."""

    @property
    def can(self) -> Capabilities: ...
    @property
    def remark(self) -> str:
        """What whoever starts it should know; empty where nothing is missing."""
        ...

    def __call__(self) -> UnitEngine: ...
    def compute_together(self, units: Sequence[tuple[Any, UnitBlock]]) -> Sequence[UnitAnswer | Exception]:
        """A unit of each of several sessions, on the model's thread: for each its answer, or what it raised."""
        ...
