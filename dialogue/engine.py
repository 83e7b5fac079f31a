"""An engine: one conversation's view of a model, in this process or behind HTTP.

The wiring reads `can` and adds ASR, a captioner or TTS where the engine has none. Weights are shared by the process;
an Engine is the state of one session. Engines start no task and own no thread: heavy steps are awaited through the
`Runner` they were opened with.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dialogue.blocks import Block, UnitBlock

T = TypeVar("T")


class Runner(Protocol):
    """Runs model steps off the event loop, in order, such as `stream.runtime.device_thread.DeviceThread.run`."""

    def __call__(self, step: Callable[..., T], *args: Any) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine does itself.

    `duplex`: it decides after every unit whether to speak or to keep listening. `in_order`: a turn may hold several
    texts between pictures and sound, and they keep the order in which they were fed. `tools`: it calls functions.
    `takes_sound`: it gets the sound of the user's words as well, although it needs a transcript.
    `reads`: it answers questions about a text that it is given. `scene_rules`: it answers questions about the scene by
    rule, from the words of the question alone. `remembers`: its event log can be kept across calls
    (`dialogue.memory.event_log.Remembers`). `unit_s`: the seconds of sound in a unit, for an engine that hears.
    """

    hears: bool
    sees: bool
    speaks: bool
    duplex: bool = False
    in_order: bool = False
    tools: bool = False
    takes_sound: bool = False
    reads: bool = True
    scene_rules: bool = False
    remembers: bool = False
    unit_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Citation:
    """What supports a reply: a quotation from a document of the user's, and where it stands ("contract, page 3")."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the reply's text.

    `recalled`, on the first piece of an answer from the event log, is the session time of the event that it reports;
    `cited`, on the first piece of an answer from a document, is what supports it.
    """

    text: str
    recalled: float | None = None
    cited: Citation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SoundDelta:
    """The next piece of the reply's sound, from an engine with a voice: float32 mono (n,)."""

    samples: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, slots=True)
class Listening:
    """A duplex engine decided to keep listening: the floor is the user's."""


@dataclass(frozen=True, slots=True)
class ConsentDelta:
    """The reply ends with this question, which its text has too: whether a function that changes something may run."""

    question: str


Delta = TextDelta | SoundDelta | Listening | ConsentDelta


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the conversation to rewind to. Opaque outside the engine that made it."""

    position: int
    serial: int = 0


@dataclass(frozen=True, slots=True)
class ContextUse:
    """For the page's meter: tokens in the KV cache by kind of block, the limit, and what has been dropped so far.

    If the engine keeps count, `blocks` lists all in the cache in order, (kind, tokens) each, and `dropped` counts the
    evicted ones by kind.
    """

    tokens: dict[str, int]
    limit: int
    dropped_blocks: int = 0
    blocks: tuple[tuple[str, int], ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineFactories:
    """Factories of engines on the same weights: `live` for calls, `chat` for typed conversations."""

    live: Callable[[], Engine]
    chat: Callable[[], Engine]

    def __call__(self) -> Engine:
        return self.live()


class Engine(Protocol):
    """One conversation. Blocks are fed in order of time; a mark stays valid until something before it is rewound or
    dropped.

    `reply` is called once the user's TextBlock (or sound) has been fed; closing the iterator stops it, and what it
    has said stays in the engine's context until `rewind`. After an interruption the caller rewinds to the mark taken
    before `reply` and feeds the ReplyBlock with what was heard; the same ReplyBlock, uncut, is fed after a reply that
    was heard to its end. An engine makes that cheap by keeping the common prefix. Raises EngineLost when this
    conversation cannot go on, and BadInput from `reply` when this reply cannot.
    """

    can: Capabilities

    async def feed(self, block: Block) -> None: ...
    def reply(self) -> AsyncGenerator[Delta, None]: ...
    async def mark(self) -> Mark: ...
    async def rewind(self, mark: Mark) -> None: ...
    async def close(self) -> None: ...
    def context(self) -> ContextUse: ...


@runtime_checkable
class PrefillsIdle(Protocol):
    """An engine that computes ahead what it has been fed, step by step, while it has nothing else to do."""

    async def prefill_idle(self) -> bool:
        """One step. False where nothing is left to compute."""
        ...


class AdapterSwitch(Protocol):
    """The adapters that one session can use."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str:
        """The name of the one in use; "" for the weights as they are."""
        ...

    def use(self, name: str) -> None:
        """From the next reply on. Raises BadInput for an unknown name."""
        ...


@runtime_checkable
class Adapts(Protocol):
    """An engine whose adapter is switched while the conversation goes on."""

    @property
    def adapters(self) -> AdapterSwitch: ...


class Translator(Protocol):
    """Translates sentence by sentence, apart from a conversation. Languages by their codes of ISO 639-1."""

    async def prepare(self, source: str, target: str) -> None:
        """Computes ahead what every translation in this direction begins with."""
        ...

    def translate(self, text: str, source: str, target: str) -> AsyncGenerator[str, None]:
        """The translation of `text` piece by piece."""
        ...

    async def close(self) -> None:
        """Frees what the directions hold."""
        ...


@runtime_checkable
class Interprets(Protocol):
    """An engine whose model translates."""

    @property
    def translator(self) -> Translator | None:
        """None where its model knows one language."""
        ...


@runtime_checkable
class SpeaksTo(Protocol):
    """An engine whose own instruction exists in several languages."""

    def speak_to(self, language: str) -> None:
        """Take the language that the user chose, by its code, before the first block; unknown ones change nothing."""
        ...


@runtime_checkable
class SemanticTurnJudge(Protocol):
    """Judges from a transcript whether the user has finished. Shared by the sessions of a model that can."""

    @property
    def judges_apart(self) -> bool:
        """Whether it has a model of its own, which does not need the thread of the model that replies."""
        ...

    def finished(self, text: str) -> float:
        """0..1, not calibrated; see `dialogue.engines.semantic_turn`. Runs on one thread."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class UnitAnswer:
    """An engine's answer to one unit: it listened, or said `text`, with `sound` if it has a voice.

    `turn_over`: its turn has ended. `left` are the numbers of the units evicted from its context, counted from 0.
    """

    number: int
    listening: bool = True
    text: str = ""
    sound: SoundDelta | None = None
    turn_over: bool = False
    left: tuple[int, ...] = ()


class UnitEngine(Engine, Protocol):
    """An engine with audio input. Its units come in through `UnitModel.compute_batch`."""

    async def break_off(self, characters: int, heard_s: float) -> None:
        """Duplex: the user interrupted its speech after `characters` of its text and `heard_s` of its sound were
        heard. The cut ReplyBlock with those is fed next."""
        ...


@runtime_checkable
class AnswersUnasked(Protocol):
    """A duplex engine elsewhere: its units are fed one by one, and what it says comes when it comes."""

    async def spoken(self) -> UnitAnswer:
        """Waits for what it says next; an answer without text and sound says that it is connected. Raises EngineLost
        where it is lost, after which the next call tries again, and BadInput for what it reports."""
        ...


@runtime_checkable
class UnitModel(Protocol):
    """The shared part of the sessions of an engine with audio input. Calling it opens a session."""

    @property
    def can(self) -> Capabilities: ...
    @property
    def remark(self) -> str:
        """A sentence for the operator on what is missing; empty if nothing is."""
        ...

    def __call__(self) -> UnitEngine: ...
    def compute_batch(self, units: Sequence[tuple[Any, UnitBlock]]) -> Sequence[UnitAnswer | Exception]:
        """Computes one unit of each of several sessions, on the model's thread. Returns for each its answer or its
        error."""
        ...
