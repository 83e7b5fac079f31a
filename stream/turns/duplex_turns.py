"""The floor of a call whose engine decides by itself when to speak. Pure, like `turns.py`.

What the user says is nobody's question: the engine hears it all and answers when it likes. Ours is the right to be
silent: speech over our voice holds it at once and takes the floor soon after, and so does speech that was already
going on when our voice began.
"""

from __future__ import annotations

from audio.endpointing import SpeechDropped, SpeechEnded, SpeechEvent, SpeechStarted
from stream.turns.turns import Begin, Decision, Hold, Phase, Turns, UserDone


class DuplexTurns(Turns):
    """A turn is what the user said and the reply to it, if one came; an unasked reply is a turn of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._answered = True  # the present turn has had its reply
        self._saying = False  # the user is in the middle of something, be it over our voice
        self._cut_off: list[Decision] = []  # that something ended because a new turn began
        self.asked = False  # the present turn began with something the user said or typed
        self.spoke_until = 0.0  # when the user was last known to have stopped, on the clock of the sound

    def speak(self, at: float) -> list[Decision]:
        """The engine begins to speak. `turn` is now the one it speaks in."""
        self.asked = not self._answered
        if self._answered:
            self.turn += 1
        self._answered = self._sounded = True
        self.phase, talked_over, self._open = Phase.OURS, self._open, False
        if not talked_over or not self.hands_free:
            return []
        self._challenged_at, self._challenge_s = at, 0.0
        return [Hold()]

    def type(self, at: float) -> list[Decision]:
        """It goes to the engine with the next second; our reply, if any, ends here."""
        decisions = self._yield()
        self._begin(at)
        self._open = self._saying = False
        self.spoke_until = at
        return self._in_full(decisions)

    def press(self, down: bool, at: float) -> list[Decision]:
        """The push-to-talk key: only while it is down does the engine hear anything."""
        if self.hands_free or down == self._pressed:
            return []
        self._pressed = down
        if down:
            return self._in_full([*self._yield(), self._begin(at)])
        self._open, self.spoke_until = False, at
        return self._said(at)

    def forget(self) -> list[Decision]:
        self._saying = False
        return super().forget()

    def finished(self, turn: int) -> list[Decision]:
        return self._in_full(super().finished(turn))

    def _hear_user(self, event: SpeechEvent | None, at: float) -> list[Decision]:
        match event:
            case SpeechStarted():
                return [self._begin(event.since)]
            case SpeechEnded():
                self._open, self.spoke_until = False, event.last_speech_at
                return self._said(event.last_speech_at)
            case SpeechDropped():
                self._open = self._saying = False
        return []

    def _hear_over_us(self, event: SpeechEvent | None, speech_s: float) -> list[Decision]:
        """What the user was saying when our voice began may come to its end here, or go on as a turn of its own."""
        said: list[Decision] = []
        if isinstance(event, SpeechEnded):
            self.spoke_until = event.last_speech_at
            said = self._said(event.last_speech_at)
        elif isinstance(event, SpeechDropped):
            self._saying = False
        return self._in_full([*said, *super()._hear_over_us(event, speech_s)])

    def _said(self, last_speech_at: float) -> list[Decision]:
        saying, self._saying = self._saying, False
        return [UserDone(self.turn, last_speech_at)] if saying else []

    def _in_full(self, decisions: list[Decision]) -> list[Decision]:
        """With what comes before them: the end of what was being said when a new turn began."""
        cut_off, self._cut_off = self._cut_off, []
        return [*cut_off, *decisions]

    def _begin(self, at: float) -> Begin:
        self._cut_off = self._said(at)
        began = super()._begin(at)
        self._answered, self._saying = False, True
        return began
