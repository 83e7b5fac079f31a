"""Turn-taking: decides who has the floor. Pure: speech events and media time in, decisions out.

Starts no task and reads no clock. A turn is one utterance of the user and the reply to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from audio.endpointing import SpeechDropped, SpeechEnded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted


class Phase(Enum):
    YOURS = "the user has the floor"
    OURS = "the assistant has the floor"


@dataclass(frozen=True, slots=True)
class Begin:
    """The user began to speak at `at`: a turn is open."""

    turn: int
    at: float


@dataclass(frozen=True, slots=True)
class Prepare:
    """A short pause: compute the answer speculatively, without playing it."""

    turn: int
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class Retract:
    """The user goes on: the prepared (or given but unheard) reply is void, the same turn stays open."""

    turn: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The turn is decided: the assistant has the floor."""

    turn: int
    last_speech_at: float
    at: float


@dataclass(frozen=True, slots=True)
class UserDone:
    """An utterance of the user ended that calls for no answer here: the engine decides whether to answer."""

    turn: int
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The turn is void: nothing was said."""

    turn: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Speech over the reply: pause playback until it is clear whether it is an interruption."""


@dataclass(frozen=True, slots=True)
class Release:
    """It was not an interruption: resume playback."""


@dataclass(frozen=True, slots=True)
class Yield:
    """Barge-in: the user takes the floor; this turn's reply ends at what was heard."""

    turn: int


Decision = Begin | Prepare | Retract | Answer | UserDone | Drop | Hold | Release | Yield

# Speech over the reply that counts as an interruption; less is a cough or an "mm-hm" (backchannel).
# Playback pauses at once in both cases (Hold).
CONFIRM_S = 0.25


class Turns:
    """The turn-taking state of one session."""

    def __init__(self, confirm_s: float = CONFIRM_S) -> None:
        self.confirm_s = confirm_s
        self.phase = Phase.YOURS
        self.turn = 0
        self.hands_free = True
        self._open = False  # the user's part of the current turn is being spoken
        self._sounded = False  # the user has heard some of the reply
        self._challenged_at: float | None = None
        self._challenge_s = 0.0  # seconds of speech over the reply so far
        self._heard_at = 0.0
        self._pressed = False
        self._last_speech_at = 0.0
        self._unasked = False  # the current turn is an announcement
        self._reopened = False  # its answer was taken back unheard, because the user seemed to go on

    @property
    def user_speaks(self) -> bool:
        return self._open

    def hear(self, event: SpeechEvent | None, at: float, voiced: bool) -> list[Decision]:
        """One VAD hop that ended `at`, while hands-free: whether it was voiced, and the endpointing event, if any."""
        hop_s, self._heard_at = at - self._heard_at, at
        if not self.hands_free:
            return []
        if self.phase is Phase.OURS:
            return self._hear_over_us(event, hop_s if voiced else 0.0)
        return self._hear_user(event, at)

    def _hear_user(self, event: SpeechEvent | None, at: float) -> list[Decision]:
        match event:
            case SpeechStarted():
                return [self._begin(event.since)]
            case SpeechPaused() if self._open:
                return [Prepare(self.turn, event.last_speech_at)]
            case SpeechResumed() if self._open:
                return [Retract(self.turn)]
            case SpeechEnded() if self._open:
                return [self._answer(event.last_speech_at, at)]
            case SpeechDropped() if self._open and self._reopened:
                return [self._answer(self._last_speech_at, at)]  # it was noise: the answer stands
            case SpeechDropped() if self._open:
                self._open = False
                return [Drop(self.turn)]
        return []

    def _hear_over_us(self, event: SpeechEvent | None, speech_s: float) -> list[Decision]:
        match event:
            case SpeechStarted() if not self._sounded and self._unasked:
                return [*self._yield(), self._begin(event.since)]
            case SpeechStarted() if not self._sounded:
                # Nothing of the reply has been heard yet: the user was not finished.
                self.phase, self._open, self._reopened = Phase.YOURS, True, True
                return [Retract(self.turn)]
            case SpeechStarted():
                self._challenged_at, self._challenge_s = event.since, event.at - event.since
                return [Hold()]
            case SpeechEnded() | SpeechDropped() if self._challenged_at is not None:
                self._challenged_at = None
                return [Release()]
        since = self._challenged_at
        if since is None:
            return []
        self._challenge_s += speech_s
        return [*self._yield(), self._begin(since)] if self._challenge_s >= self.confirm_s else []

    def press(self, down: bool, at: float) -> list[Decision]:
        """The push-to-talk key went down or up; ignored while hands-free."""
        if self.hands_free or down == self._pressed:
            return []
        self._pressed = down
        if down:
            return [*self._yield(), self._begin(at)]
        return [self._answer(at, at)] if self._open else []

    def type(self, at: float) -> list[Decision]:
        """A typed message is a whole turn; it takes the floor."""
        dropped: list[Decision] = [Drop(self.turn)] if self._open else []
        decisions = [*dropped, *self._yield()]
        self._begin(at)
        return [*decisions, self._answer(at, at)]

    def announce(self, at: float) -> list[Decision]:
        """Begins an announcement as a turn of its own if the floor is free; otherwise decides nothing."""
        if self.phase is Phase.OURS or self._open:
            return []
        self._begin(at)
        self._unasked = True
        return [self._answer(at, at)]

    def interrupt(self) -> list[Decision]:
        """The interrupt button: a current reply ends here."""
        return self._yield()

    def switch_hands_free(self, on: bool) -> list[Decision]:
        """Changes between hands-free and push-to-talk; an unfinished utterance is dropped."""
        if on == self.hands_free:
            return []
        self.hands_free = on
        return self.forget()

    def forget(self) -> list[Decision]:
        """Drops an unfinished utterance: the microphone went off or the mode changed. A current reply goes on."""
        self._pressed = False
        released: list[Decision] = [Release()] if self._challenged_at is not None else []
        self._challenged_at = None
        if not self._open:
            return released
        self._open = False
        return [*released, Drop(self.turn)]

    def sounded(self, turn: int) -> None:
        """The first sound of the reply to `turn` was played."""
        if turn == self.turn:
            self._sounded = True

    def finished(self, turn: int) -> list[Decision]:
        """The reply to `turn` was heard to its end (or there was none): the user gets the floor."""
        if turn != self.turn or self.phase is Phase.YOURS:
            return []
        self.phase = Phase.YOURS
        since, self._challenged_at = self._challenged_at, None
        return [self._begin(since)] if since is not None else []

    def _begin(self, at: float) -> Begin:
        self.turn += 1
        self.phase, self._open, self._sounded, self._reopened = Phase.YOURS, True, False, False
        self._unasked = False
        return Begin(self.turn, at)

    def _answer(self, last_speech_at: float, at: float) -> Answer:
        self.phase, self._open, self._sounded = Phase.OURS, False, False
        self._last_speech_at = last_speech_at
        return Answer(self.turn, last_speech_at, at)

    def _yield(self) -> list[Decision]:
        if self.phase is Phase.YOURS:
            return []
        self.phase, self._challenged_at = Phase.YOURS, None
        return [Yield(self.turn)]
