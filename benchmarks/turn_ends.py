"""Who is interrupted in the middle of a sentence, and how soon a whole one is over: by words and by silence alone.

The sentences of tests/dialogue/finished_or_cut.tsv, spoken by our voice; the real ear, transcriber and model judge
them hop by hop, on the clock of the sound. A cut sentence goes on after a pause: it is interrupted if its turn ended
before that. An opinion counts as many milliseconds after the pause was noticed as `--opinion-ms` says, which is what
transcript and judgement take in a call (docs/latency.md).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.endpointing import Endpointer, SpeechEnded, SpeechPaused, SpeechResumed
from audio.resample import Resampler
from audio.transcribe import Transcriber
from audio.voice import Synthesizer
from audio.voice_activity import VoiceActivity, VoiceState
from benchmarks.report import add_json, report
from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.language_model import open_language_model
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.perception.turn_detection import end_of_speech_settings
from ui.host.home import home

SENTENCES = Path(__file__).parents[1] / "tests" / "dialogue" / "finished_or_cut.tsv"
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
OPINION_MS = 220  # 190 to the transcript, as measured on a quiet machine, and the judgement


class Bench:
    """The real ears, voice and judge."""

    def __init__(self, opinion_s: float) -> None:
        store = WeightStore(home())
        self.opinion_s = opinion_s
        self.activity = VoiceActivity(store.path("silero-vad"))
        self.transcriber = Transcriber(store.path("whisper-tiny.en"), threads=1)
        self.judge = SemanticTurnDetector(open_language_model(store.path("smollm2-135m-instruct")))
        self.voice = Synthesizer(threads=1)

    def whole(self, sentence: str) -> Samples:
        """Spoken without a break, in silence."""
        return _quietly(self._heard(self.voice.say(sentence)))

    def cut(self, sentence: str, words: int, pause_s: float) -> tuple[Samples, float]:
        """With a pause after so many words; and when it goes on."""
        spoken = self.voice.spoken(sentence)
        end = round(spoken.words[words - 1].end_s * self.voice.rate)
        begun, rest = self._heard(spoken.samples[:end]), self._heard(spoken.samples[end:])
        gap = np.zeros(round(pause_s * HEARING_RATE_HZ), np.float32)
        return _quietly(begun, gap, rest), LEAD_S + len(begun) / HEARING_RATE_HZ + pause_s

    def first_end(self, sound: Samples, *, weighing: bool) -> SpeechEnded | None:
        """Of a turn in `sound`."""
        ends = Endpointer(end_of_speech_settings(SETUP))
        opinion: tuple[float, float] | None = None  # when it counts, and what it is
        for hop in self.activity.step(VoiceState(), Chunk(sound, HEARING_RATE_HZ, 0)):
            due = opinion is not None and hop.at >= opinion[0]
            event = ends.hear(hop.probability, hop.at, opinion[1] if due and opinion else None)
            opinion = None if due else opinion
            match event:
                case SpeechEnded():
                    return event
                case SpeechResumed():
                    opinion = None
                case SpeechPaused() if weighing:
                    text = self.transcriber.transcribe(sound[: round(hop.at * HEARING_RATE_HZ)]).text
                    opinion = hop.at + self.opinion_s, self.judge.probability(text)
        return None

    def _heard(self, samples: Samples) -> Samples:
        resampler = Resampler(self.voice.rate, HEARING_RATE_HZ)
        return np.concatenate([resampler.push(samples), resampler.flush()])


def _quietly(*sounds: Samples) -> Samples:
    """With a quiet room around it: digital silence is no room."""
    around = [np.zeros(round(seconds * HEARING_RATE_HZ), np.float32) for seconds in (LEAD_S, TAIL_S)]
    sound = np.concatenate([around[0], *sounds, around[1]])
    noise = 0.0003 * np.random.default_rng(0).standard_normal(len(sound))
    return (sound + noise).astype(np.float32)


def waits(bench: Bench, sentences: Sequence[str], *, weighing: bool) -> list[float]:
    """Milliseconds from the end of each sentence's speech to the end of its turn."""
    ends = [bench.first_end(bench.whole(sentence), weighing=weighing) for sentence in sentences]
    return [1000 * (end.at - end.last_speech_at) for end in ends if end is not None]


def interrupted(bench: Bench, rows: Sequence[tuple[str, str]], pause_s: float, *, weighing: bool) -> float:
    """The share of sentences that were over before they went on."""
    count = 0
    for sentence, begun in rows:
        sound, goes_on_at = bench.cut(sentence, len(begun.split()), pause_s)
        end = bench.first_end(sound, weighing=weighing)
        count += end is not None and end.at < goes_on_at
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pause-ms", type=float, default=700, help="in the middle of a cut sentence (default: 700)")
    parser.add_argument("--opinion-ms", type=float, default=OPINION_MS, help=f"see above (default: {OPINION_MS})")
    add_json(parser)
    options = parser.parse_args()
    result = measure(options.pause_ms / 1000, options.opinion_ms / 1000)
    report(result, options.json)


if __name__ == "__main__":
    main()
