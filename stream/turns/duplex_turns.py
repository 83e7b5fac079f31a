"""Turn-taking for an engine that decides itself when to speak: the same events, decisions and phases as `turns.py`.

The engine hears everything and answers when it chooses; no question is put to it. Barge-in is decided here: speech over
the reply pauses it at once and takes the floor soon after, also where the speech was going on when the reply began.
"""

from __future__ import annotations

from audio.segmentation import SHORTEST_SPEECH_S, SpeechPaused, SpeechStarted
from stream.turns.decisions import Answer, Decision, SpokenQuestion, UserDone
from stream.turns.events import AnnouncementDue, EngineSpoke, MessageTyped
from stream.turns.overlap import DECIDE_S
from stream.turns.rule_table import nothing, table
from stream.turns.turns import ROWS, Phase, Turns


class DuplexTurns(Turns):
    """A turn is what the user said and the reply to it, if any; an unprompted reply is a turn of its own."""

    def __init__(self) -> None:
        super().__init__(longest_overlap_s=DECIDE_S)  # nobody recognises words
        self._answered = True  # the current turn has had its reply
        self._saying = False  # the user is speaking, possibly over the reply
        self.asked = False  # the current turn began with something the user said or typed
        self.spoke_until = 0.0  # the end of the user's last speech, on the clock of the sound

    def _speak(self, event: EngineSpoke) -> list[Decision]:
        """The engine begins to speak; `turn` becomes the turn it speaks in."""
        self.asked = not self._answered
        if self._answered:
            self.turn += 1
        self._answered = True
        if self.phase is Phase.CHALLENGED:
            return []
        paused = SpeechPaused(event.at, self.stopped_at, SHORTEST_SPEECH_S) if self.phase is Phase.PAUSED else None
        talked_over, self.phase = self.user_speaks and self.hands_free, Phase.REPLYING
        if not talked_over:
            return []
        decisions = self._challenge(SpeechStarted(event.at, event.at))
        self.overlap.pause = paused
        return decisions

    def _type(self, event: MessageTyped) -> list[Decision]:
        """A typed message goes to the engine with the next unit; a current reply ends here."""
        at = event.question.began_at
        decisions = [*self._yield(), *self._utterance_over(at)]
        super()._begin(at)
        self._answered, self.phase, self.spoke_until = False, Phase.IDLE, at
        return [*decisions, Answer(self.turn, event.question)]

    def _go_on(self, _event: SpeechStarted) -> list[Decision]:
        self.phase = Phase.SPEAKING
        return []

    def _begin(self, at: float) -> list[Decision]:
        """An utterance that a new turn cuts off ends here."""
        decisions = [*self._utterance_over(at), *super()._begin(at)]
        self._answered, self._saying = False, True
        return decisions

    def _prepare(self, said: SpokenQuestion) -> list[Decision]:
        return []

    def _end(self, said: SpokenQuestion) -> list[Decision]:
        self.phase = Phase.IDLE
        return self._utterance_over(said.stopped_at)

    def _restore(self, event: object = None) -> list[Decision]:
        """Speech that was going on when the reply began may end during the reply."""
        return [*self._utterance_over(self.overlap.voiced_at), *super()._restore(event)]

    def _drop(self) -> list[Decision]:
        self._saying = False
        return super()._drop()

    def _utterance_over(self, at: float) -> list[Decision]:
        if not self._saying:
            return []
        self._saying, self.spoke_until = False, at
        return [UserDone(self.turn, SpokenQuestion(self.began_at, at, at))]


_ = nothing
DuplexTurns.rules = table(
    Phase,
    {
        **ROWS,
        # phase: IDLE, SPEAKING, PAUSED, THINKING (does not occur), REPLYING, CHALLENGED
        SpeechStarted: (Turns._start, _, DuplexTurns._go_on, _, Turns._challenge, Turns._resume_challenge),
        MessageTyped: (DuplexTurns._type,) * 6,
        AnnouncementDue: (_,) * 6,
        EngineSpoke: (DuplexTurns._speak,) * 6,
    },
)
