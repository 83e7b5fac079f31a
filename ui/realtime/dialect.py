"""What a realtime dialect is to the connection that carries it: a translator of events, without a socket or a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from audio.chunk import Chunk, Samples
from dialogue.llm.generation_config import GenerationConfig
from stream.runtime.events import Expressed, Perceived
from stream.runtime.given import TurnsChosen
from stream.session.said import Said

Message = dict[str, Any]
HUNG_UP, EXPIRED = "the client hung up", "the time is over"  # why a session ended


@dataclass
class MessageEffects:
    """What one message of the client leads to, in the order of the fields."""

    begins: bool = False  # the session begins now, unless it has begun
    picture: bytes | None = None  # a picture file, shown as the camera's picture
    cleared: bool = False  # sound that was not heard yet is dropped
    perceived: list[Perceived] = field(default_factory=list)
    sound: Chunk | None = None
    answer: str | None = None  # the client's answer to the question that was passed on to it
    results: dict[str, str] = field(default_factory=dict)  # of the client's functions, by the id of the call
    answers: list[Message] = field(default_factory=list)
    ends: bool = False  # the connection is closed once the answers are sent


@dataclass(frozen=True, slots=True)
class LargerModelAsked:
    """How the server's larger model is to answer: `instructions` None are its own; `functions` are the client's."""

    instructions: str | None = None
    functions: Sequence[Mapping[str, Any]] = ()
    most_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a session begins. `out_rate` is the rate of its voice, in Hz.

    `functions` are those that the client runs, as chat APIs describe them. `asks_client`: the client answers what the
    engine passes on; else the server's larger model does, where it has one, as `larger` says. `turns`: how the client
    wants turns to be decided.
    """

    instructions: str = ""
    said: Sequence[Said] = ()
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    hands_free: bool = True
    out_rate: int = 24_000
    functions: Sequence[Mapping[str, Any]] = ()
    asks_client: bool = False
    larger: LargerModelAsked | None = None
    turns: TurnsChosen | None = None


class Dialect(Protocol):
    """One session in one dialect; all methods are called in order of time."""

    @property
    def aloud(self) -> bool:
        """Whether the client gets the voice, or the words alone."""
        ...

    def opened(self) -> list[Message]:
        """The first messages to a client that has a place."""
        ...

    def waiting(self, position: int, wait_s: float | None, length: int) -> list[Message] | None:
        """The messages to a client that waits for a place; None in a dialect without a queue."""
        ...

    def attached(self) -> list[Message]:
        """The first messages to a trusted server that joins a running session."""
        ...

    def take(self, message: Any, *, trusted: bool = False) -> MessageEffects:
        """What a message means, of the client or of a `trusted` server beside it. A bad one gets an error event, and
        changes nothing."""
        ...

    def visible(self, messages: list[Message]) -> list[Message]:
        """Those that the client may see."""
        ...

    def beginning(self) -> Beginning:
        """Called once, when the session begins."""
        ...

    def express(self, event: Expressed) -> list[Message]:
        """The messages for what the session expressed; none for what the dialect does not know."""
        ...

    def voiced(self, samples: Samples) -> list[Message]:
        """The messages for sound of a reply, float32 (n,) at the rate of the beginning."""
        ...

    def called(self, call_id: str, name: str, arguments: str) -> list[Message]:
        """The messages for a call of one of the client's functions; `arguments` is JSON."""
        ...

    def larger_said(self, text: str) -> list[Message]:
        """The messages for words of the server's larger model, which are not said yet."""
        ...

    def failed(self, message: str, code: str | None = None) -> Message:
        """The dialect's error event. `code` is None where the client's message was at fault."""
        ...
