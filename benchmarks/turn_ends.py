"""Measures endpointing with and without semantic turn detection: false interruptions, and the delay of turn ends.

The product's TTS speaks the sentences of tests/dialogue/engines/finished_or_cut.tsv; the real VAD, ASR and semantic
turn detector process them hop by hop, on the clock of the sound. A cut sentence continues after a pause: it is
interrupted if its turn ends before that. The detector's result takes effect `--opinion-ms` after the pause was
detected, the time that transcript and detection take in a call (docs/latency.md).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import Resampler
from audio.segmentation import Segmenter, SegmenterSettings, SpeechPaused, SpeechStarted
from audio.transcribe import Transcriber
from audio.voice import Synthesizer
from audio.voice_activity import VadState, VoiceActivityDetector
from benchmarks.report import benchmark_parser, report
from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.language_model import open_language_model
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.perception.turn_detection import patience
from stream.turns.decisions import Answer, SpokenQuestion
from stream.turns.events import TurnEndEstimated, TurnEvent
from stream.turns.turns import Turns
from ui.host.home import home

SENTENCES = Path(__file__).parents[1] / "tests" / "dialogue" / "engines" / "finished_or_cut.tsv"
TERSE = (
    "And now?",
    "What colour?",
    "Yes.",
    "Stop.",
    "Why?",
    "Thank you.",
    "Hi there!",
    "How many?",
    "And you?",
    "Where?",
)
SETUP = SETUPS["laptop"]
LEAD_S, TAIL_S = 0.3, 1.5
OPINION_MS = 220  # 190 ms to the transcript, measured on a quiet machine, and the detection


class Bench:
    """The real VAD, ASR, TTS and semantic turn detector."""

    def __init__(self, opinion_s: float) -> None:
        store = WeightStore(home())
        self.opinion_s = opinion_s
        self.activity = VoiceActivityDetector(store.path("silero-vad"))
        self.transcriber = Transcriber(store.path("whisper-tiny.en"), threads=1)
        self.detector = SemanticTurnDetector(open_language_model(store.path("smollm2-135m-instruct")))
        self.voice = Synthesizer(threads=1)

    def whole(self, sentence: str) -> Samples:
        """The sentence spoken without a pause, in a quiet room."""
        return _quietly(self._heard(self.voice.say(sentence)))

    def cut(self, sentence: str, words: int, pause_s: float) -> tuple[Samples, float]:
        """The sentence with a pause after `words` words, and the time at which it continues."""
        spoken = self.voice.spoken(sentence)
        end = round(spoken.words[words - 1].end_s * self.voice.rate)
        begun, rest = self._heard(spoken.samples[:end]), self._heard(spoken.samples[end:])
        gap = np.zeros(round(pause_s * HEARING_RATE_HZ), np.float32)
        return _quietly(begun, gap, rest), LEAD_S + len(begun) / HEARING_RATE_HZ + pause_s

    def first_end(self, sound: Samples, *, weighing: bool) -> SpokenQuestion | None:
        """The first turn in `sound`."""
        segmenter, turns = Segmenter(SegmenterSettings(pause_after_s=SETUP.speculate_after_s)), Turns(patience(SETUP))
        opinion: TurnEndEstimated | None = None
        for hop in self.activity.step(VadState(), Chunk(sound, HEARING_RATE_HZ, 0)):
            events: list[TurnEvent] = [hop]
            if opinion is not None and hop.at >= opinion.at:
                events, opinion = [opinion, hop], None
            match segmenter.hear(hop.probability, hop.at):
                case SpeechStarted() as started:
                    events, opinion = [*events, started], None
                case SpeechPaused() as paused:
                    events.append(paused)
                    if weighing:
                        text = self.transcriber.transcribe(sound[: round(hop.at * HEARING_RATE_HZ)]).text
                        probability = self.detector.probability(text)
                        opinion = TurnEndEstimated(paused.last_speech_at, probability, hop.at + self.opinion_s)
            for event in events:
                match turns.take(event):
                    case [Answer(_, SpokenQuestion() as question)]:
                        return question
        return None

    def _heard(self, samples: Samples) -> Samples:
        resampler = Resampler(self.voice.rate, HEARING_RATE_HZ)
        return np.concatenate([resampler.push(samples), resampler.flush()])


def _quietly(*sounds: Samples) -> Samples:
    """The sounds in a quiet room, which has a little noise."""
    around = [np.zeros(round(seconds * HEARING_RATE_HZ), np.float32) for seconds in (LEAD_S, TAIL_S)]
    sound = np.concatenate([around[0], *sounds, around[1]])
    noise = 0.0003 * np.random.default_rng(0).standard_normal(len(sound))
    return (sound + noise).astype(np.float32)


def waits(bench: Bench, sentences: Sequence[str], *, weighing: bool) -> list[float]:
    """Milliseconds from the end of each sentence's speech to the end of its turn."""
    ends = [bench.first_end(bench.whole(sentence), weighing=weighing) for sentence in sentences]
    return [1000 * (end.until - end.stopped_at) for end in ends if end is not None]


def interrupted(bench: Bench, rows: Sequence[tuple[str, str]], pause_s: float, *, weighing: bool) -> float:
    """The share of cut sentences whose turn ended before they continued."""
    count = 0
    for sentence, begun in rows:
        sound, goes_on_at = bench.cut(sentence, len(begun.split()), pause_s)
        end = bench.first_end(sound, weighing=weighing)
        count += end is not None and end.until < goes_on_at
    return count / len(rows)


def measure(pause_s: float, opinion_s: float) -> dict[str, float]:
    bench = Bench(opinion_s)
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    rows = [(whole, cut) for whole, cut in (line.split("\t") for line in lines if line[0] != "#")]
    result: dict[str, float] = {"sentences": len(rows), "terse": len(TERSE)}
    for name, weighing in (("words", True), ("silence", False)):
        whole = waits(bench, [sentence for sentence, _ in rows], weighing=weighing)
        terse = waits(bench, TERSE, weighing=weighing)
        result |= {
            f"interrupted_{name}": round(interrupted(bench, rows, pause_s, weighing=weighing), 2),
            f"whole_ms_median_{name}": round(statistics.median(whole)),
            f"whole_ms_most_{name}": round(max(whole)),
            f"terse_ms_median_{name}": round(statistics.median(terse)),
            f"terse_ms_most_{name}": round(max(terse)),
        }
    return result


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--pause-ms", type=float, default=700, help="pause in a cut sentence (default: 700)")
    parser.add_argument("--opinion-ms", type=float, default=OPINION_MS, help=f"see above (default: {OPINION_MS})")
    options = parser.parse_args()
    report(measure(options.pause_ms / 1000, options.opinion_ms / 1000), options.json)


if __name__ == "__main__":
    main()
