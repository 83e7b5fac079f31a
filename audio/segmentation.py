"""Cuts a stream of VAD probabilities into stretches of speech and pauses. Whether a pause is the end of a turn is
decided in `stream/turns`. `at` is always the time of the stream; no clock is read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A stretch of speech has begun: decided at `at`; the speech itself began at `since`."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """A first short silence after `last_speech_at`, with `spoken_s` of speech since it started."""

    at: float
    last_speech_at: float
    spoken_s: float


SegmentEvent = SpeechStarted | SpeechPaused

SHORTEST_SPEECH_S = 0.15  # less is a noise: too short to be a word


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """Probabilities are 0..1, times are seconds. VAD reports every 32 ms: a time takes effect at the next full hop.

    Speech begins at `enter` and ends below `leave`. `start_after_s` of speech start a stretch, `pause_after_s` of
    silence end it.
    """

    enter: float = 0.5
    leave: float = 0.35
    start_after_s: float = 0.064
    pause_after_s: float = 0.128

    def __post_init__(self) -> None:
        """Raises ValueError if the thresholds contradict each other."""
        if not 0 < self.leave <= self.enter < 1:
            raise ValueError(f"0 < leave ({self.leave}) <= enter ({self.enter}) < 1 must hold.")
        if self.pause_after_s <= 0:
            raise ValueError(f"0 < pause_after_s ({self.pause_after_s}) must hold.")


ROUNDING_S = 1e-6  # tolerance for sums of hops, which are floats
LONGEST_HOP_S = 0.064  # a longer gap in the stream does not count as speech


class Segmenter:
    """The segmentation of one audio stream. Takes every VAD probability in order of time."""

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self.settings = settings or SegmenterSettings()
        self._at: float | None = None
        self._voiced = False  # the last hop was speech, by the two thresholds
        self._run_since = 0.0  # when the current run of voiced hops began
        self._speaking = False
        self._spoken_s = 0.0  # voiced time since the start
        self.last_speech_at = 0.0

    def hear(self, probability: float, at: float) -> SegmentEvent | None:
        """Takes the `probability` of speech in the hop that ended `at`; returns the event that it causes, if any."""
        before = at if self._at is None else max(self._at, at - LONGEST_HOP_S)
        self._at = at
        was_voiced = self._voiced
        self._voiced = probability >= (self.settings.leave if was_voiced else self.settings.enter)
        if self._voiced and not was_voiced:
            self._run_since = before
        return self._on_voice(at, before) if self._voiced else self._on_silence(at)

    @property
    def silent_s(self) -> float:
        """Seconds since the last speech of the stretch that is going on; 0 between stretches."""
        return (self._at or 0.0) - self.last_speech_at if self._speaking else 0.0

    def _on_voice(self, at: float, before: float) -> SegmentEvent | None:
        """A click is not speech, also in a pause."""
        if not self._speaking and at - self._run_since + ROUNDING_S < self.settings.start_after_s:
            return None
        started, self._speaking, self.last_speech_at = not self._speaking, True, at
        if started:
            self._spoken_s = at - self._run_since
            return SpeechStarted(at, self._run_since)
        self._spoken_s += at - before
        return None

    def _on_silence(self, at: float) -> SegmentEvent | None:
        if not self._speaking or at - self.last_speech_at + ROUNDING_S < self.settings.pause_after_s:
            return None
        self._speaking = False
        return SpeechPaused(at, self.last_speech_at, self._spoken_s)
