"""Transcribes the speech in the sound of a film, utterance by utterance, with the times at which it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.models import Recogniser
from audio.segmentation import SHORTEST_SPEECH_S, Segmenter, SegmenterSettings, SpeechPaused, SpeechStarted
from audio.voice_activity import VadState, VoiceActivityDetector
from dialogue.shown.film_answers import said_in_words
from dialogue.shown.shown_thing import SaidAt

PAUSE_S = 0.8  # silence that ends an utterance
MARGIN_S = 0.3  # sound before and after the detected speech
LONGEST_UTTERANCE_S = 28.0  # longer speech without a pause is cut
STEP = HEARING_RATE_HZ  # samples

Stretch = tuple[float, float, Samples]  # begin and end of the speech in seconds, and its sound with margins


class SpeechCutter:
    """Cuts the sound of one film into stretches of speech while it is decoded; holds one stretch of it at a time.

    Blocks: call it on a worker thread.
    """

    def __init__(self, activity: VoiceActivityDetector) -> None:
        self._activity, self._state = activity, VadState()
        self._segmenter = Segmenter(SegmenterSettings(pause_after_s=PAUSE_S))
        self._kept = np.zeros(0, np.float32)
        self._kept_at = self._taken = 0  # samples: where the kept sound begins, and all so far
        self._began: float | None = None

    def push(self, samples: Samples) -> Iterator[Stretch]:
        """Takes the next samples, float32 (n,) at 16 kHz; yields the stretches that end in them."""
        for start in range(0, len(samples), STEP):
            piece = samples[start : start + STEP]
            chunk = Chunk(piece, HEARING_RATE_HZ, self._taken)
            self._kept = np.concatenate([self._kept, piece])
            self._taken += len(piece)
            for hop in self._activity.step(self._state, chunk):
                match self._segmenter.hear(hop.probability, hop.at):
                    case SpeechStarted(since=since):
                        self._began = since
                    case SpeechPaused(_, end, spoken_s) if self._began is not None:
                        if spoken_s >= SHORTEST_SPEECH_S:
                            yield self._stretch(self._began, end)
                        self._began = None
            if self._began is not None and self._taken / HEARING_RATE_HZ - self._began > LONGEST_UTTERANCE_S:
                end = self._taken / HEARING_RATE_HZ
                yield self._stretch(self._began, end)
                self._began = end
            self._forget()

    def end(self) -> Iterator[Stretch]:
        """The stretch that the end of the sound cuts."""
        if self._began is not None:
            yield self._stretch(self._began, self._taken / HEARING_RATE_HZ)

    def _stretch(self, began: float, ended: float) -> Stretch:
        start, end = (round(at * HEARING_RATE_HZ) - self._kept_at for at in (began - MARGIN_S, ended + MARGIN_S))
        return began, ended, self._kept[max(0, start) : end]

    def _forget(self) -> None:
        needed = self._taken / HEARING_RATE_HZ if self._began is None else self._began
        drop = round((needed - MARGIN_S - PAUSE_S) * HEARING_RATE_HZ) - self._kept_at
        if drop > STEP:
            self._kept, self._kept_at = self._kept[drop:], self._kept_at + drop


def utterances_of(samples: Samples, activity: VoiceActivityDetector, transcriber: Recogniser) -> list[SaidAt]:
    """The utterances in `samples` (float32 (n,) at 16 kHz), in order. Blocks: call it on a worker thread."""
    cutter = SpeechCutter(activity)
    stretches = [*cutter.push(samples), *cutter.end()]
    said = ((transcriber.transcribe(piece, careful=True).text, start, end) for start, end, piece in stretches)
    return [SaidAt(*each) for each in said if each[0]]


def in_words(utterances: Sequence[SaidAt]) -> str:
    """ "Said in the film: at 0:02 “Hello.”; at 0:05 “Goodbye.”" """
    return "Said in the film: " + said_in_words(utterances)
