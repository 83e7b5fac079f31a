"""Turn-taking: who has the floor. Pure: speech events and media time in, decisions out.

Knows no audio format, starts no task, reads no clock. A turn is one thing the user says and our reply to it.
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
    """A short pause: compute the answer, let nothing of it out."""

    turn: int
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class Retract:
    """The user goes on: what was prepared (or already answered, unheard) is void, the same turn is open."""

    turn: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The turn is decided: the floor is ours."""

    turn: int
    last_speech_at: float
    at: float


@dataclass(frozen=True, slots=True)
class UserDone:
    """The user has come to an end of saying something that nobody is asked to answer: the engine decides that."""

    turn: int
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing was said after all."""

    turn: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody speaks over us: fall silent until it is clear whether they mean it."""


@dataclass(frozen=True, slots=True)
class Release:
    """It was a cough: go on."""


@dataclass(frozen=True, slots=True)
class Yield:
    """The user takes the floor: this turn's reply ends where it was heard."""

    turn: int


Decision = Begin | Prepare | Retract | Answer | UserDone | Drop | Hold | Release | Yield

# So much speech over our own voice counts as an interruption; less is a cough or an "mm-hm".
# Our sound stops at once all the same (Hold).
CONFIRM_S = 0.25


class Turns:
    """The floor of one session."""

    def __init__(self, confirm_s: float = CONFIRM_S) -> None:
        self.confirm_s = confirm_s
        self.phase = Phase.YOURS
        self.turn = 0
        self.hands_free = True
        self._open = False  # the user's part of the present turn is being spoken
        self._sounded = False  # the user has heard something of our reply
        self._challenged_at: float | None = None
        self._challenge_s = 0.0  # speech over our voice so far
        self._heard_at = 0.0
        self._pressed = False
        self._last_speech_at = 0.0
        self._unasked = False  # the present turn is ours alone
        self._reopened = False  # answered once, unheard, and taken back because the user seemed to go on

    @property
    def user_speaks(self) -> bool:
        return self._open

    def hear(self, event: SpeechEvent | None, at: float, voiced: bool) -> list[Decision]:
        """One hop of hands-free listening that ended `at`: whether it was speech, and what end-of-speech made of it."""
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
                return [self._answer(self._last_speech_at, at)]  # it was a noise: the answer stands
            case SpeechDropped() if self._open:
                self._open = False
                return [Drop(self.turn)]
        return []

    def _hear_over_us(self, event: SpeechEvent | None, speech_s: float) -> list[Decision]:
        match event:
            case SpeechStarted() if not self._sounded and self._unasked:
                return [*self._yield(), self._begin(event.since)]
            case SpeechStarted() if not self._sounded:
                # Nothing has been heard of us yet: the user was not finished after all.
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
        """The push-to-talk key. Does nothing while hands-free."""
        if self.hands_free or down == self._pressed:
            return []
        self._pressed = down
        if down:
            return [*self._yield(), self._begin(at)]
        return [self._answer(at, at)] if self._open else []

    def type(self, at: float) -> list[Decision]:
        """A typed message is a whole turn at once; it takes the floor from whoever has it."""
        dropped: list[Decision] = [Drop(self.turn)] if self._open else []
        decisions = [*dropped, *self._yield()]
        self._begin(at)
        return [*decisions, self._answer(at, at)]

    def announce(self, at: float) -> list[Decision]:
        """We have something to say unasked: a turn of ours alone, if nobody has the floor; else nothing."""
        if self.phase is Phase.OURS or self._open:
            return []
        self._begin(at)
        self._unasked = True
        return [self._answer(at, at)]

    def interrupt(self) -> list[Decision]:
        """The user wants silence: our reply, if any, ends here."""
        return self._yield()

    def switch_hands_free(self, on: bool) -> list[Decision]:
        """Changing the way of talking drops what was half said."""
        if on == self.hands_free:
            return []
        self.hands_free = on
        return self.forget()

    def forget(self) -> list[Decision]:
        """The microphone went off or changed its meaning: what was half said is dropped, our reply goes on."""
        self._pressed = False
        released: list[Decision] = [Release()] if self._challenged_at is not None else []
        self._challenged_at = None
        if not self._open:
            return released
        self._open = False
        return [*released, Drop(self.turn)]

    def sounded(self, turn: int) -> None:
        """The first sound of our reply to `turn` has gone out."""
        if turn == self.turn:
            self._sounded = True

    def finished(self, turn: int) -> list[Decision]:
        """Our reply to `turn` has been heard to its end (or there was none). The floor goes back."""
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
