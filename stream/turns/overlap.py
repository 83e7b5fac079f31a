"""Speech over the reply, from its onset until it is known whether it is an interruption. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from audio.segmentation import ROUNDING_S, SpeechPaused, SpeechStarted

# The reply is ducked at the first hop of speech, and restored after RESTORE_S of silence; after LONE_S where there was
# no more than that hop. Less speech than CONFIRM_S is a cough or a blip;
# more is an interruption where its words are not backchannels ("mm-hm"), or where they are not known DECIDE_S after the
# onset; DECIDE_UNSURE_S where they were heard and are not sure, since most backchannels are over then. No backchannel
# lasts as long as LONGEST_BACKCHANNEL_S.
CONFIRM_S, DECIDE_S, DECIDE_UNSURE_S, RESTORE_S, LONE_S = 0.25, 0.35, 0.5, 0.40, 0.10
LONGEST_BACKCHANNEL_S = 1.1


@dataclass(slots=True)
class Overlap:
    """Times are seconds of the microphone's sound."""

    since: float
    voiced_at: float  # the end of its last hop with speech
    spoken_s: float = 0.0
    pause: SpeechPaused | None = None
    backchannel: bool | None = None  # whether its words are; None while they are not known
    unsure: bool = False  # they were heard, and are not sure
    allowed: bool = True  # to interrupt
    started: bool = True  # it is speech; before, it was a hop of the VAD

    @classmethod
    def begun(cls, event: SpeechStarted, *, allowed: bool = True) -> Overlap:
        return cls(event.since, event.at, event.at - event.since, allowed=allowed)

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

    def interrupts(self, at: float) -> bool:
        """Whether it is long enough for what is known of its words."""
        if self.pause is not None or not self.allowed:
            return False
        match self.backchannel:
            case None:
                decide_s = DECIDE_UNSURE_S if self.unsure else DECIDE_S
                return self.spoken_s >= CONFIRM_S and at - self.since >= decide_s
            case True:
                return self.spoken_s >= LONGEST_BACKCHANNEL_S
            case False:
                return self.spoken_s >= CONFIRM_S

    def over(self, at: float) -> bool:
        """Whether the user has been silent long enough for the reply to come back."""
        return at - self.voiced_at + ROUNDING_S >= (RESTORE_S if self.started else LONE_S)
