"""Input and output events of a session: two closed unions of frozen records. Times are seconds on the session clock.
`Perceived` goes in (Session.push), `Expressed` comes out (Session.events). They are independent of wire formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from audio.chunk import Chunk
from dialogue.engine import ContextUse
from stream.runtime.adapting import AdapterInUse
from stream.runtime.given import Given
from stream.runtime.origins import ReplyCited, ReplyRecalled
from stream.runtime.shown import FileShown, PictureDrawn, ShownChanged
from stream.runtime.spoken import LanguageControl, LanguageNews
from stream.runtime.watching import WatchControl, WatchingChanged
from vision.picture import Picture

Device = Literal["microphone", "camera"]


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """Microphone sound: 16 kHz, without gaps (the receiver fills lost time with silence)."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class FrameReceived:
    picture: Picture


@dataclass(frozen=True, slots=True)
class TextTyped:
    text: str


@dataclass(frozen=True, slots=True)
class TalkKeyPressed:
    """The push-to-talk key went down or up. Ignored while hands-free."""

    down: bool


@dataclass(frozen=True, slots=True)
class DeviceSwitched:
    """The user switched a device or the mode; None leaves it as it is."""

    microphone: bool | None = None
    camera: bool | None = None
    hands_free: bool | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user pressed the interrupt button: the reply in progress ends here."""


@dataclass(frozen=True, slots=True)
class PlayoutMeasured:
    """How long the far end takes from receiving sound to playing it, and a packet there and back, where it is known."""

    delay_s: float
    round_trip_s: float | None = None


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
    | Given
    | PlayoutMeasured
    | WatchControl
    | LanguageControl
    | FileShown
    | DeviceLost
)


class State(Enum):
    LISTENING = "listening"  # neither side speaks
    HEARING = "hearing"  # the user speaks
    THINKING = "thinking"  # the user has finished, no sound of the reply yet
    SPEAKING = "speaking"  # the reply is being played


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
class ReplyHeard:
    """The number of characters of the reply that the user has heard so far."""

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
class ConsentAsked:
    """The reply ends with a question: whether a tool that changes something may be used. "Yes" or "No" answers it."""

    turn: int
    question: str


@dataclass(frozen=True, slots=True)
class DeviceStopped:
    """The assistant switched the user's device off, because the user asked for it: the far end releases it."""

    device: Device


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
class Why:
    """Why the assistant did what it did at this moment of the turn, in plain words. `kind` is stable: answered,
    waited, taken_back, no_answer, went_on_speaking, yielded, cut_in or late."""

    turn: int
    kind: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class TurnRecorded:
    """The flight record of a turn that is over. What did not happen is None, or empty.

    `pauses` holds, for each estimate of the end of the turn, the seconds of silence by then and the probability.
    `silence_s` ended the turn. `marks`, `budget`, `over`: as in TurnTimed; `broken_by` is the stage that took longest
    beyond its own share. `network_s` (one way) and `jitter_buffer_s` lie between sending sound and playing it.
    """

    turn: int
    began_at: float
    stopped_at: float | None
    ended_at: float
    outcome: Literal["heard", "cut", "dropped"]
    silence_s: float | None = None
    pauses: tuple[tuple[float, float], ...] = ()
    transcript: str = ""
    reply: str = ""  # as far as it was heard
    marks: Mapping[str, float] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    over: tuple[str, ...] = ()
    broken_by: str = ""
    network_s: float | None = None
    jitter_buffer_s: float | None = None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitDecided:
    """A duplex engine's decision after a second of the call: it speaks, or it listens, which may have been `forced`.

    Units are numbered from 0; `left` are those evicted from its context afterwards.
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
    """A message to the user. `code` is stable; `text` says what happened and what to do."""

    level: Literal["info", "warning", "error"]
    code: str
    text: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DelegationChanged:
    """A question, and a `picture` where one goes along, is with the larger model at `server` (pending) or no more."""

    pending: bool
    server: str
    picture: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over; nothing follows."""

    reason: str


Expressed = (
    StateChanged
    | UserCaption
    | ReplyText
    | ReplyRecalled
    | ReplyCited
    | ReplyHeard
    | ReplyEnded
    | ConsentAsked
    | DeviceStopped
    | SceneSeen
    | TurnTimed
    | Why
    | TurnRecorded
    | ContextShown
    | UnitDecided
    | Notice
    | DelegationChanged
    | WatchingChanged
    | LanguageNews
    | ShownChanged
    | PictureDrawn
    | AdapterInUse
    | SessionEnded
)
