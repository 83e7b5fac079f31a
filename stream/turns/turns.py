"""Turn-taking: who has the floor. A table has the rule for each event and phase (`Turns.rules`). Pure."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from audio.segmentation import LONGEST_HOP_S, ROUNDING_S, SHORTEST_SPEECH_S, SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import (
    Answer,
    Begin,
    Decision,
    Drop,
    Duck,
    Finish,
    Prepare,
    Question,
    Restore,
    Retract,
    SpokenQuestion,
    Suspend,
    TypedQuestion,
    Yield,
)
from stream.turns.events import (
    AnnouncementDue,
    EngineSpoke,
    HandsFreeSwitched,
    InterruptPressed,
    MessageTyped,
    MicrophoneOff,
    OverlapTranscribed,
    ReplyHeardOut,
    ReplySounded,
    SoundEvent,
    TalkKeyMoved,
    TurnEndEstimated,
    TurnEvent,
)
from stream.turns.overlap import LONGEST_BACKCHANNEL_S, Overlap
from stream.turns.patience import Patience, waited
from stream.turns.rule_table import Rows, RuleTable, nothing, table


class Phase(Enum):
    IDLE = "neither side speaks"
    SPEAKING = "the user speaks, or holds the key"
    PAUSED = "the user is silent, and may have finished"
    THINKING = "the turn is decided, and nothing of the reply was heard"
    REPLYING = "the reply is heard"
    CHALLENGED = "the user speaks over the reply"


SPEECH = 0.5  # probability from which a hop counts as speech


class Turns:
    """The turn-taking state of one session, for an engine that answers when it is asked."""

    def __init__(self, patience: Patience | None = None, longest_overlap_s: float = LONGEST_BACKCHANNEL_S) -> None:
        """`longest_overlap_s` of speech over the reply are an interruption even if its words are not sure."""
        self.patience, self.longest_overlap_s = patience or Patience(), longest_overlap_s
        self.phase, self.turn = Phase.IDLE, 0
        self.hands_free = self.interruptible = True  # interruptible: speech over a reply may end it
        self.answers = True  # a turn that is over is answered; else an application says when
        self.began_at = self.stopped_at = 0.0  # of the user's speech in the current turn
        self._worded = self._decided = False  # long enough for a word; decided, and retracted as the user went on
        self._wait_s = 0.0  # silence after which the turn is over
        self.probability: float | None = None  # that it is, as far as it was estimated
        self.why = ""  # the turn was decided when it was, in plain words
        self.question: Question | None = None  # the one that is answered
        self.overlap = Overlap(0.0, 0.0)  # in the phase CHALLENGED
        self._hop_at, self._hop_s, self._pressed = 0.0, 0.0, False

    @property
    def user_speaks(self) -> bool:
        """Whether the user's part of the turn is open; pauses are part of it."""
        return self.phase in (Phase.SPEAKING, Phase.PAUSED)

    @property
    def overlap_since(self) -> float | None:
        """When the user's speech over the reply began, while it is open; None where there is none."""
        return self.overlap.since if self.phase is Phase.CHALLENGED else None

    def take(self, event: TurnEvent) -> list[Decision]:
        """The decisions that follow from `event`, in order. With push-to-talk, sound decides nothing."""
        if isinstance(event, SpeechProbability):
            self._hop_s, self._hop_at = min(event.at - self._hop_at, LONGEST_HOP_S), event.at
        if not self.hands_free and isinstance(event, SoundEvent):
            return []
        return self.rules[type(event)][self.phase](self, event)

    # The user speaks.

    def _start(self, event: SpeechStarted) -> list[Decision]:
        return self._begin(event.since)

    def _pause(self, event: SpeechPaused) -> list[Decision]:
        """A noise alone is no turn. After words it changes nothing: the same pause goes on."""
        noise = event.spoken_s < SHORTEST_SPEECH_S
        if noise and not self._worded:
            return self._drop()
        if noise and self._decided:
            return self._answer(self._said(event.at))
        if not noise:
            self.stopped_at, self._worded, self._decided = event.last_speech_at, True, False
        self.phase, self._wait_s, self.probability = Phase.PAUSED, self.patience.wait_s(None), None
        return self._prepare(self._said(event.at))

    def _go_on(self, event: SpeechStarted) -> list[Decision]:
        self.patience.went_on(event.since - self.stopped_at)
        self.phase = Phase.SPEAKING
        return [Retract(self.turn)]

    def _wait(self, hop: SpeechProbability) -> list[Decision]:
        return [] if hop.probability >= SPEECH else self._end_if_over(hop.at)

    def _estimate(self, event: TurnEndEstimated) -> list[Decision]:
        if event.stopped_at != self.stopped_at:
            return []  # of an earlier pause
        self._wait_s, self.probability = self.patience.wait_s(event.probability), event.probability
        return self._end_if_over(event.at)

    def _end_if_over(self, at: float) -> list[Decision]:
        silent_s = at - self.stopped_at
        if silent_s + ROUNDING_S < self._wait_s:
            return []
        self.why = waited(silent_s, self.probability)
        return self._end(self._said(at))

    def _reopen(self, event: SpeechStarted) -> list[Decision]:
        """Nothing of the reply was heard yet: the user was not finished."""
        match self.question:
            case SpokenQuestion():
                self.patience.came_too_early()
                self._decided = True
                return Turns._go_on(self, event)
            case TypedQuestion():
                return self._challenge(event)
            case _:
                return [*self._yield(), *self._begin(event.since)]

    # The user speaks over the reply.

    def _challenge(self, event: SpeechStarted) -> list[Decision]:
        self.phase = Phase.CHALLENGED
        self.overlap = Overlap.begun(event, self.longest_overlap_s, allowed=self.interruptible)
        return [Duck()] if self.interruptible else []

    def _duck(self, hop: SpeechProbability) -> list[Decision]:
        """The first hop of speech lowers the voice; what it is will be heard."""
        if hop.probability < SPEECH or not self.interruptible:
            return []
        self.phase = Phase.CHALLENGED
        self.overlap = Overlap(hop.at - self._hop_s, hop.at, self._hop_s, self.longest_overlap_s, started=False)
        return [Duck()]

    def _weigh(self, hop: SpeechProbability) -> list[Decision]:
        self.overlap.hear(hop.at, self._hop_s, hop.probability >= SPEECH)
        if self.overlap.interrupts():
            return self._interrupted()
        return self._restore() if self.overlap.over(hop.at) else [Suspend()] if self.overlap.suspends() else []

    def _weigh_words(self, event: OverlapTranscribed) -> list[Decision]:
        if event.since != self.overlap.since:
            return []  # of other speech
        self.overlap.backchannel = event.backchannel
        return self._interrupted() if self.overlap.interrupts() else [Duck()] if self.overlap.is_harmless() else []

    def _interrupted(self) -> list[Decision]:
        return [*self._yield(), *self._begin(self.overlap.since)]

    def _pause_challenge(self, event: SpeechPaused) -> list[Decision]:
        self.overlap.pause = event
        return []

    def _resume_challenge(self, event: SpeechStarted) -> list[Decision]:
        self.overlap.start(event)
        return []

    def _restore(self, _event: object = None) -> list[Decision]:
        self.phase = Phase.REPLYING
        return [Restore()]

    # Keys, messages, switches.

    def _press(self, event: TalkKeyMoved) -> list[Decision]:
        if self.hands_free or event.down == self._pressed:
            return []
        self._pressed = event.down
        if event.down:
            return [*self._yield(), *self._begin(event.at)]
        if not self.user_speaks:
            return []
        self.stopped_at = event.at
        return self._end(self._said(event.at))

    def _type(self, event: MessageTyped) -> list[Decision]:
        before = self._drop() if self.user_speaks else self._yield()
        self._begin(event.question.began_at)
        return [*before, *self._answer(event.question)]

    def _announce(self, event: AnnouncementDue) -> list[Decision]:
        self._begin(event.announcement.began_at)
        return self._answer(event.announcement)

    def _interrupt(self, _event: InterruptPressed) -> list[Decision]:
        return self._yield()

    def _switch(self, event: HandsFreeSwitched) -> list[Decision]:
        """Drops an unfinished utterance."""
        if event.on == self.hands_free:
            return []
        self.hands_free = event.on
        return self._forget()

    def _forget(self, _event: object = None) -> list[Decision]:
        """Drops an unfinished utterance. A current reply goes on."""
        self._pressed = False
        if self.phase is Phase.CHALLENGED:
            return self._restore()
        return self._drop() if self.user_speaks else []

    # The reply.

    def _sound(self, event: ReplySounded) -> list[Decision]:
        if event.turn == self.turn:
            self.phase = Phase.REPLYING
        return []

    def _finish(self, event: ReplyHeardOut) -> list[Decision]:
        """Speech that goes on over the last word becomes the next turn."""
        if event.turn != self.turn:
            return []
        if isinstance(self.question, SpokenQuestion) and self.phase is Phase.REPLYING:
            self.patience.was_heard(self.question.until - self.question.stopped_at)
        challenged = self.phase is Phase.CHALLENGED and self.overlap.started
        self.phase = Phase.IDLE
        decisions: list[Decision] = [Finish(event.turn)]
        if challenged:
            decisions += self._begin(self.overlap.since)
            if self.overlap.pause is not None:
                decisions += self._pause(self.overlap.pause)
        return decisions

    # Steps that rules share.

    def _said(self, at: float) -> SpokenQuestion:
        return SpokenQuestion(self.began_at, self.stopped_at, at, self.answers)

    def _begin(self, at: float) -> list[Decision]:
        self.turn += 1
        self.phase, self.began_at, self.why = Phase.SPEAKING, at, ""
        self._worded = self._decided = False
        return [Begin(self.turn, at)]

    def _prepare(self, said: SpokenQuestion) -> list[Decision]:
        return [Prepare(self.turn, said)]

    def _end(self, said: SpokenQuestion) -> list[Decision]:
        return self._answer(said)

    def _answer(self, question: Question) -> list[Decision]:
        self.phase, self.question = Phase.THINKING, question
        return [Answer(self.turn, question)]

    def _drop(self) -> list[Decision]:
        self.phase = Phase.IDLE
        return [Drop(self.turn)]

    def _yield(self) -> list[Decision]:
        if self.phase is Phase.IDLE or self.user_speaks:
            return []
        self.phase = Phase.IDLE
        return [Yield(self.turn)]

    rules: ClassVar[RuleTable[Phase]]


_, _T = nothing, Turns
ROWS: Rows = {
    # phase:            IDLE          SPEAKING    PAUSED        THINKING        REPLYING        CHALLENGED
    SpeechStarted: (_T._start, _, _T._go_on, _T._reopen, _T._challenge, _T._resume_challenge),
    SpeechPaused: (_, _T._pause, _, _, _, _T._pause_challenge),
    SpeechProbability: (_, _, _T._wait, _, _T._duck, _T._weigh),
    TurnEndEstimated: (_, _, _T._estimate, _, _, _),
    OverlapTranscribed: (_, _, _, _, _, _T._weigh_words),
    TalkKeyMoved: (_T._press,) * 6,
    MessageTyped: (_T._type,) * 6,
    AnnouncementDue: (_T._announce, _, _, _, _, _),
    InterruptPressed: (_, _, _, _T._interrupt, _T._interrupt, _T._interrupt),
    HandsFreeSwitched: (_T._switch,) * 6,
    MicrophoneOff: (_T._forget,) * 6,
    ReplySounded: (_, _, _, _T._sound, _, _),
    ReplyHeardOut: (_, _, _, _T._finish, _T._finish, _T._finish),
    EngineSpoke: (_,) * 6,
}
Turns.rules = table(Phase, ROWS)
