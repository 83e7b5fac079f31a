"""Is this silence a breath or the end? Speech probabilities in, decisions out.

Knows no sound, no words and no clock: `at` is the time of the stream. First version: a hangover, with room for a
judge of meaning, whose opinion (`finished`) shortens or lengthens the hangover between stated bounds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Decided at `at`; the speech itself began at `since`."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """A first short silence after `last_speech_at`: perhaps the end, worth preparing an answer."""

    at: float
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """It was only a breath."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The turn is over; the last speech was heard at `last_speech_at`."""

    at: float
    last_speech_at: float


@dataclass(frozen=True, slots=True)
class SpeechDropped:
    """What had started was a noise, too short to be a word."""

    at: float


SpeechEvent = SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded | SpeechDropped


@dataclass(frozen=True, slots=True)
class EndpointerSettings:
    """Probabilities are 0..1, times seconds. The ear judges every 32 ms: times act at the next full hop.

    `enter` begins speech, below `leave` it ceases. `start_after_s` of speech make a start. `pause_after_s` of
    silence make a pause, `hangover_s` an end. Less speech in total than `shortest_speech_s` is dropped.
    A sentence that is `surely_finished` or more waits only `hangover_finished_s` (never longer than the
    hangover); one that is `surely_unfinished` or less waits `hangover_unfinished_s` (never shorter). No opinion
    goes beyond these two.
    """

    enter: float = 0.5
    leave: float = 0.35
    start_after_s: float = 0.064
    pause_after_s: float = 0.128
    hangover_s: float = 0.40
    shortest_speech_s: float = 0.15
    surely_finished: float = 0.8
    surely_unfinished: float = 0.2
    hangover_finished_s: float = 0.22
    hangover_unfinished_s: float = 0.90

    def __post_init__(self) -> None:
        """Raises ValueError where the thresholds contradict one another."""
        if not 0 < self.leave <= self.enter < 1:
            raise ValueError(f"0 < leave {self.leave} <= enter {self.enter} < 1 must hold")
        if not 0 < self.pause_after_s <= self.hangover_s:
            raise ValueError(f"0 < pause_after_s {self.pause_after_s} <= hangover_s {self.hangover_s} must hold")


EARLY_S = 1e-6  # sums of hops are floats; a time that is reached up to rounding is reached
LONGEST_HOP_S = 0.064  # where the stream has a gap, the gap does not count as speech


class Endpointer:
    """One ear's turn-taking. Feed every probability in order of time."""

    def __init__(self, settings: EndpointerSettings | None = None) -> None:
        self.settings = settings or EndpointerSettings()
        self._at: float | None = None
        self._voiced = False  # the last hop was speech, by the two thresholds
        self._run_since = 0.0  # when the current run of voiced hops began
        self._started = False
        self._paused = False
        self._spoken_s = 0.0  # voiced time since the start
        self._last_speech_at = 0.0
        self._finished: float | None = None

    @property
    def speaking(self) -> bool:
        """Between a start and its end, pauses included."""
        return self._started

    def hear(self, probability: float, at: float, finished: float | None = None) -> SpeechEvent | None:
        """`probability` of speech in the hop that ended `at`.

        `finished` is the probability that the words so far are a whole sentence; it holds until a newer one
        or until speech comes back.
        """
        before = at if self._at is None else max(self._at, at - LONGEST_HOP_S)
        self._at = at
        was_voiced = self._voiced
        self._voiced = probability >= (self.settings.leave if was_voiced else self.settings.enter)
        if self._voiced and not was_voiced:
            self._run_since = before
        if finished is not None:
            self._finished = finished
        if not self._started:
            return self._waiting(at)
        return self._heard_voice(at, before) if self._voiced else self._heard_silence(at)

    def _waiting(self, at: float) -> SpeechEvent | None:
        if not self._voiced or not self._run_is_speech(at):
            return None
        self._started, self._paused, self._finished = True, False, None
        self._spoken_s = at - self._run_since
        self._last_speech_at = at
        return SpeechStarted(at, self._run_since)

    def _heard_voice(self, at: float, before: float) -> SpeechEvent | None:
        """In a pause a click is not yet speech: it takes as much to resume as to start."""
        if self._paused and not self._run_is_speech(at):
            return None
        resumed, self._paused = self._paused, False
        self._spoken_s += at - (self._run_since if resumed else before)
        self._last_speech_at = at
        self._finished = None
        return SpeechResumed(at) if resumed else None

    def _heard_silence(self, at: float) -> SpeechEvent | None:
        silent_s = at - self._last_speech_at + EARLY_S
        too_short = self._spoken_s < self.settings.shortest_speech_s
        if silent_s >= self._hangover_s():
            self._started = self._paused = False
            return SpeechDropped(at) if too_short else SpeechEnded(at, self._last_speech_at)
        if silent_s >= self.settings.pause_after_s and not self._paused and not too_short:
            self._paused = True
            return SpeechPaused(at, self._last_speech_at)
        return None

    def _run_is_speech(self, at: float) -> bool:
        return at - self._run_since + EARLY_S >= self.settings.start_after_s

    def _hangover_s(self) -> float:
        if self._finished is None:
            return self.settings.hangover_s
        if self._finished >= self.settings.surely_finished:
            return min(self.settings.hangover_finished_s, self.settings.hangover_s)
        if self._finished <= self.settings.surely_unfinished:
            return max(self.settings.hangover_unfinished_s, self.settings.hangover_s)
        return self.settings.hangover_s
