"""Turn-taking for an engine that decides itself when to speak. Pure, like `turns.py`.

The engine hears everything and answers when it chooses; no question is put to it. Barge-in is decided here: speech over
the reply pauses it at once and takes the floor soon after, also where the speech was going on when the reply began.
"""

from __future__ import annotations

from audio.endpointing import SpeechDropped, SpeechEnded, SpeechEvent, SpeechStarted
from stream.turns.turns import Begin, Decision, Hold, Phase, Turns, UserDone


class DuplexTurns(Turns):
    """A turn is what the user said and the reply to it, if any; an unprompted reply is a turn of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._answered = True  # the current turn has had its reply
        self._saying = False  # the user is speaking, possibly over the reply
        self._cut_off: list[Decision] = []  # ends of utterances that a new turn cut off
        self.asked = False  # the current turn began with something the user said or typed
        self.spoke_until = 0.0  # the end of the user's last speech, on the clock of the sound

    def speak(self, at: float) -> list[Decision]:
        """The engine begins to speak; `turn` becomes the turn it speaks in."""
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
        """A typed message: it goes to the engine with the next unit; a current reply ends here."""
        decisions = self._yield()
        self._begin(at)
        self._open = self._saying = False
        self.spoke_until = at
        return self._with_cut_off(decisions)

    def press(self, down: bool, at: float) -> list[Decision]:
        """The push-to-talk key: the engine hears the user only while it is down."""
        if self.hands_free or down == self._pressed:
            return []
        self._pressed = down
        if down:
            return self._with_cut_off([*self._yield(), self._begin(at)])
        self._open, self.spoke_until = False, at
        return self._said(at)

    def forget(self) -> list[Decision]:
        self._saying = False
        return super().forget()

    def finished(self, turn: int) -> list[Decision]:
        return self._with_cut_off(super().finished(turn))

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
        """Speech that was going on when the reply began ends here, or goes on as a turn of its own."""
        said: list[Decision] = []
        if isinstance(event, SpeechEnded):
            self.spoke_until = event.last_speech_at
            said = self._said(event.last_speech_at)
        elif isinstance(event, SpeechDropped):
            self._saying = False
        return self._with_cut_off([*said, *super()._hear_over_us(event, speech_s)])

    def _said(self, last_speech_at: float) -> list[Decision]:
        saying, self._saying = self._saying, False
        return [UserDone(self.turn, last_speech_at)] if saying else []

    def _with_cut_off(self, decisions: list[Decision]) -> list[Decision]:
        """Puts first the ends of utterances that a new turn cut off."""
        cut_off, self._cut_off = self._cut_off, []
        return [*cut_off, *decisions]

    def _begin(self, at: float) -> Begin:
        self._cut_off = self._said(at)
        began = super()._begin(at)
        self._answered, self._saying = False, True
        return began
