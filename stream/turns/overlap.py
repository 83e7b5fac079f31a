"""Speech over the reply, from its onset until it is known whether it is an interruption. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from audio.segmentation import ROUNDING_S, SpeechPaused, SpeechStarted

# The reply is ducked at the first hop of speech, and restored after RESTORE_S of silence; after LONE_S where there was
# no more than that hop. Less speech than CONFIRM_S is a cough or a blip. More of it silences the reply unless, or
# until, it is known to be a backchannel ("mm-hm"). Sure words of another kind are an interruption, and so is whatever
# lasts as long as no backchannel does; where nobody recognises words, whatever lasts DECIDE_S. WORD_S with sure words
# are a word ("Stop!").
CONFIRM_S, DECIDE_S, RESTORE_S, LONE_S, WORD_S = 0.19, 0.35, 0.40, 0.10, 0.15
LONGEST_BACKCHANNEL_S = 1.1


@dataclass(slots=True)
class Overlap:
    """Times are seconds of the microphone's sound."""

    since: float
    voiced_at: float  # the end of its last hop with speech
    spoken_s: float = 0.0
    longest_s: float = LONGEST_BACKCHANNEL_S  # of speech that is no interruption, if its words are not sure
    pause: SpeechPaused | None = None
    backchannel: bool | None = None  # whether its words are; None while they are not known, or not sure
    allowed: bool = True  # to interrupt
    started: bool = True  # it is speech; before, it was a hop of the VAD
    suspended: bool = False  # the reply is silent

    @classmethod
    def begun(cls, event: SpeechStarted, longest_s: float, *, allowed: bool = True) -> Overlap:
        return cls(event.since, event.at, event.at - event.since, longest_s, allowed=allowed)

    def hear(self, at: float, hop_s: float, voiced: bool) -> None:
        """One hop of the VAD."""
        if voiced:
            self.voiced_at = at
            self.spoken_s += hop_s if self.pause is None else 0.0

    def start(self, event: SpeechStarted) -> None:
        """Speech, or speech again after a pause."""
        if not self.started:
            self.started, self.since, self.spoken_s = True, event.since, 0.0
        self.pause, self.voiced_at = None, event.at
        self.spoken_s += event.at - event.since

    def interrupts(self) -> bool:
        """Whether it is long enough for what is known of its words."""
        if not self.allowed:
            return False
        if self.backchannel is False:
            return self.spoken_s >= (CONFIRM_S if self.pause is None else WORD_S)
        return self.pause is None and self.spoken_s >= self.longest_s

    def suspends(self) -> bool:
        """Whether it may be an interruption, so that the reply falls silent now."""
        doubtful = self.allowed and self.pause is None and self.backchannel is not True and self.spoken_s >= CONFIRM_S
        found, self.suspended = doubtful and not self.suspended, self.suspended or doubtful
        return found

    def is_harmless(self) -> bool:
        """Whether the reply fell silent for what is now known to be a backchannel."""
        found, self.suspended = (
            self.suspended and self.backchannel is True,
            self.suspended and self.backchannel is not True,
        )
        return found

    def over(self, at: float) -> bool:
        """Whether the user has been silent long enough for the reply to come back."""
        return at - self.voiced_at + ROUNDING_S >= (RESTORE_S if self.started else LONE_S)
