"""What crosses the session's edge: two closed unions of frozen records. Times are seconds on the session clock.

`Perceived` goes in (Session.push), `Expressed` comes out (Session.events). Nothing here knows a wire format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from audio.chunk import Chunk
from dialogue.engine import ContextUse
from vision.picture import Picture

Device = Literal["microphone", "camera"]


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """Microphone sound: 16 kHz, without gaps (whoever receives it fills lost time with silence)."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class FrameReceived:
    picture: Picture


@dataclass(frozen=True, slots=True)
class TextTyped:
    text: str


@dataclass(frozen=True, slots=True)
class TalkKeyPressed:
    """The push-to-talk key went down or up. Has meaning only while not hands-free."""

    down: bool


@dataclass(frozen=True, slots=True)
class DeviceSwitched:
    """The user switched something; None leaves it as it is."""

    microphone: bool | None = None
    camera: bool | None = None
    hands_free: bool | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user asked for silence by button: the reply in progress ends here."""


@dataclass(frozen=True, slots=True)
class PlayoutMeasured:
    """How long the far end takes from receiving sound to playing it."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class DeviceLost:
    device: Device
    reason: str


Perceived = (
    AudioReceived
    | FrameReceived
    | TextTyped
    | TalkKeyPressed
    | DeviceSwitched
    | Interrupted
    | PlayoutMeasured
    | DeviceLost
)


class State(Enum):
    LISTENING = "listening"  # nobody speaks
    HEARING = "hearing"  # the user speaks
    THINKING = "thinking"  # the user has finished, no sound from us yet
    SPEAKING = "speaking"  # our sound is going out


@dataclass(frozen=True, slots=True)
class StateChanged:
    state: State
    at: float


@dataclass(frozen=True, slots=True)
class UserCaption:
    """What the user said in this turn so far; `final` once the turn is decided."""

    turn: int
    text: str
    final: bool
    typed: bool = False


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next piece of the reply's text, to be appended."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyRecalled:
    """The reply was looked up in the event log: what it tells happened at `at`. Comes before its text."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class ReplyHeard:
    """So many characters of the reply have reached the user's ears."""

    turn: int
    characters: int


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The reply is over. `said` is all its text, `heard` what was played; they differ where it was `cut`."""

    turn: int
    said: str
    heard: str
    cut: bool


@dataclass(frozen=True, slots=True)
class SeenObject:
    """`box` is x0, y0, x1, y1 as fractions of the picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SeenText:
    text: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SceneSeen:
    at: float
    objects: tuple[SeenObject, ...]
    texts: tuple[SeenText, ...]
    description: str
    camera: bool = True


@dataclass(frozen=True, slots=True)
class TurnTimed:
    """Seconds since the user's last speech sample (or since the message was typed), stage by stage."""

    turn: int
    marks: Mapping[str, float]
    budget: Mapping[str, float]
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitDecided:
    """What a duplex engine made of a second of the call: it speaks, or it listens, which may have been `forced`.

    Units are counted from 0; `left` are those that had to leave its context afterwards.
    """

    number: int
    speaks: bool
    forced: bool = False
    left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextShown:
    use: ContextUse


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know. `code` is stable, `text` is a sentence that says what to do."""

    level: Literal["info", "warning", "error"]
    code: str
    text: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over; nothing follows."""

    reason: str


Expressed = (
    StateChanged
    | UserCaption
    | ReplyText
    | ReplyRecalled
    | ReplyHeard
    | ReplyEnded
    | SceneSeen
    | TurnTimed
    | ContextShown
    | UnitDecided
    | Notice
    | SessionEnded
)
