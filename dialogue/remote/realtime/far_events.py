"""What a realtime server says, whatever its dialect, and what a translator of a dialect does. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dialogue.blocks import ReplyBlock, TextBlock, UnitBlock
from dialogue.engine import Capabilities
from dialogue.tools.function_call import FunctionCall

Message = dict[str, Any]
Samples = NDArray[np.float32]
UNIT_S = 0.2  # of sound in a message


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session begins, also after a lost connection: the instruction, and what was said before."""

    instruction: str
    model: str | None = None
    said: Sequence[TextBlock | ReplyBlock] = ()
    functions: Sequence[Message] = ()  # as chat APIs describe them, for a dialect whose server calls functions


@dataclass(frozen=True, slots=True)
class FarReady:
    """The session has begun: the server hears from now on."""


@dataclass(frozen=True, slots=True)
class FarQueue:
    """The server has no place yet. `position` counts from 1; `wait_s` is its estimate, None without one."""

    position: int
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class FarWords:
    """The next words of the reply."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class FarSound:
    """The next sound of the reply, float32 (n,). `item` names the part of the conversation that it belongs to."""

    samples: Samples
    rate: int
    item: str = ""


@dataclass(frozen=True, slots=True)
class FarDone:
    """The reply is complete."""


@dataclass(frozen=True, slots=True)
class FarCall:
    """The server calls one of our functions, and goes on with its result."""

    call: FunctionCall


@dataclass(frozen=True, slots=True)
class FarFault:
    """The server reports what went wrong. `lost`: the session is over."""

    message: str
    lost: bool = False


FarEvent = FarReady | FarQueue | FarWords | FarSound | FarDone | FarCall | FarFault


@dataclass
class FarTaken:
    """What a message of the server leads to: events, and messages to send back."""

    events: list[FarEvent] = field(default_factory=list)
    answers: list[Message] = field(default_factory=list)


class FarDialect(Protocol):
    """One session with a server, in its dialect. Pure: no socket and no clock; called in order of time."""

    can: Capabilities
    protocols: Sequence[str]  # subprotocols of the WebSocket to offer
    ends_by_silence: bool  # the dialect does not say when a reply is complete

    @property
    def awaits_answer(self) -> bool:
        """Whether the server has announced a reply, or been asked for one, that is not complete."""
        ...

    def opened(self) -> list[Message]:
        """The first messages once the socket is open."""
        ...

    def take(self, message: Message) -> FarTaken:
        """What a message of the server means; nothing for one that is not known. Raises BadInput for one that cannot
        be used."""
        ...

    def hear(self, unit: UnitBlock) -> list[Message]:
        """The user's side of a moment, at 16 kHz. Raises BadInput for typed text where the dialect has none."""
        ...

    def cut(self, item: str, heard_s: float) -> list[Message]:
        """The user interrupted the reply after `heard_s` of the sound of `item`. What is left of it is ignored."""
        ...

    def result(self, call: FunctionCall, result: str) -> list[Message]:
        """The result, as JSON, of a function that the server has called."""
        ...

    def closing(self) -> list[Message]:
        """The last messages."""
        ...
