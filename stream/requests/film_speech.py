"""Transcribes the speech in the sound of a film, utterance by utterance, with the times at which it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.models import Recogniser
from audio.segmentation import SHORTEST_SPEECH_S, Segmenter, SegmenterSettings, SpeechPaused, SpeechStarted
from audio.voice_activity import VadState, VoiceActivityDetector

PAUSE_S = 0.8  # silence that ends an utterance
MARGIN_S = 0.3  # sound before and after the detected speech
STEP = HEARING_RATE_HZ  # samples


@dataclass(frozen=True, slots=True)
class FilmUtterance:
    """What is said from `start_s` to `end_s` of the film."""

    text: str
    start_s: float
    end_s: float


def utterances_of(samples: Samples, activity: VoiceActivityDetector, transcriber: Recogniser) -> list[FilmUtterance]:
    """The utterances in `samples` (float32 (n,) at 16 kHz), in order. Blocks: call it on a worker thread."""
    found = []
    for start_s, end_s in _speech(samples, activity):
        start, end = max(start_s - MARGIN_S, 0.0), end_s + MARGIN_S
        piece = samples[round(start * HEARING_RATE_HZ) : round(end * HEARING_RATE_HZ)]
        if text := transcriber.transcribe(piece, careful=True).text:
            found.append(FilmUtterance(text, start_s, end_s))
    return found


def in_words(utterances: Sequence[FilmUtterance]) -> str:
    """ "Said in the film: at 0:02 “Hello.”; at 0:05 “Goodbye.”" """
    return "Said in the film: " + "; ".join(f"at {_clock(each.start_s)} “{each.text}”" for each in utterances)


def _speech(samples: Samples, activity: VoiceActivityDetector) -> list[tuple[float, float]]:
    """(start, end) in seconds of each stretch of speech."""
    state, segmenter = VadState(), Segmenter(SegmenterSettings(pause_after_s=PAUSE_S))
    stretches, began, last = list[tuple[float, float]](), None, 0.0
    for start in range(0, len(samples), STEP):
        for hop in activity.step(state, Chunk(samples[start : start + STEP], HEARING_RATE_HZ, start)):
            last = hop.at
            match segmenter.hear(hop.probability, hop.at):
                case SpeechStarted(since=since):
                    began = since
                case SpeechPaused(_, end, spoken_s) if began is not None:
                    if spoken_s >= SHORTEST_SPEECH_S:
                        stretches.append((began, end))
                    began = None
    if began is not None:
        stretches.append((began, last))
    return stretches


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"
