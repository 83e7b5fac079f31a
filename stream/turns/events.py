"""The events of turn-taking: one set. `at` is in seconds of the microphone's sound where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass

from audio.segmentation import SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import Announcement, PendingQuestion, TypedQuestion


@dataclass(frozen=True, slots=True)
class TurnEndEstimated:
    """The probability that the user has finished, in the pause that began at `stopped_at`. A newer one replaces it."""

    stopped_at: float
    probability: float
    at: float


@dataclass(frozen=True, slots=True)
class OverlapTranscribed:
    """Words of the speech over the reply that began at `since`: backchannels alone (or none), or others;
    None where that is not sure yet."""

    since: float
    backchannel: bool | None


@dataclass(frozen=True, slots=True)
class TalkKeyMoved:
    """The push-to-talk key went down or up."""

    down: bool
    at: float


@dataclass(frozen=True, slots=True)
class MessageTyped:
    question: TypedQuestion


@dataclass(frozen=True, slots=True)
class AnnouncementDue:
    """Something is to be said now if the floor is free: unprompted, or in answer to what was said before."""

    announcement: Announcement | PendingQuestion


@dataclass(frozen=True, slots=True)
class InterruptPressed:
    """The interrupt button: a current reply ends here."""


@dataclass(frozen=True, slots=True)
class HandsFreeSwitched:
    """From push-to-talk to hands-free, or back."""

    on: bool


@dataclass(frozen=True, slots=True)
class MicrophoneOff:
    pass


@dataclass(frozen=True, slots=True)
class ReplySounded:
    """The first sound of the reply to `turn` was played."""

    turn: int


@dataclass(frozen=True, slots=True)
class ReplyHeardOut:
    """The reply to `turn` was heard to its end, or there was none."""

    turn: int


@dataclass(frozen=True, slots=True)
class EngineSpoke:
    """A duplex engine begins to speak, unasked or in answer."""

    at: float


SoundEvent = SpeechProbability | SpeechStarted | SpeechPaused | TurnEndEstimated | OverlapTranscribed
TurnEvent = (
    SoundEvent
    | TalkKeyMoved
    | MessageTyped
    | AnnouncementDue
    | InterruptPressed
    | HandsFreeSwitched
    | MicrophoneOff
    | ReplySounded
    | ReplyHeardOut
    | EngineSpoke
)
