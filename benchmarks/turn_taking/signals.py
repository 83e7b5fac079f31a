"""Measures the signals of every pause of turn-taking data, with the product's own models, and keeps them in a file.

A pause is one that the product's VAD and segmentation find; it is the end of its turn, or a hesitation with a length.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from audio.chunk import HEARING_RATE_HZ, Chunk
from audio.segmentation import Segmenter, SegmenterSettings, SpeechPaused, SpeechStarted
from audio.transcribe import Transcriber
from audio.turn_end.prosody import Prosody, prosody
from audio.turn_end.smart_turn import WINDOW, SmartTurn
from audio.voice_activity import SpeechProbability, VadState, VoiceActivityDetector
from benchmarks.turn_taking.rows import SpeechRow, read_rows
from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.language_model import open_language_model
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.perception.audio_buffer import PRE_ROLL_S
from stream.perception.turn_end_model import KEPT_HOPS, TurnEndSignals, voice_slope
from ui.host.home import home

END_TOLERANCE_S = 0.3  # VAD may hear the end of a word this much early


@dataclass(frozen=True)
class Pause:
    """`length_s`: of the hesitation; None at the end of the turn. `lag_s`: what VAD takes to see that speech ended."""

    row: str
    voice: str
    signals: TurnEndSignals
    length_s: float | None
    lag_s: float


class SignalModels:
    """The models that measure."""

    def __init__(self) -> None:
        store = WeightStore(home())
        self._activity = VoiceActivityDetector(store.path("silero-vad"))
        self._transcriber = Transcriber(store.path("whisper-tiny.en"), threads=1)
        self._smart_turn = SmartTurn(store.path("smart-turn-v3.2"))
        self._words = SemanticTurnDetector(open_language_model(store.path("smollm2-135m-instruct")))

    def pauses(self, row: SpeechRow) -> Iterator[Pause]:
        """The pauses of the turn, up to its end."""
        sound = row.samples()
        ends_at = row.silence_spans[-1][0]
        segmenter = Segmenter(SegmenterSettings(pause_after_s=SETUPS["laptop"].turns.speculate_after_s))
        hops: deque[SpeechProbability] = deque(maxlen=KEPT_HOPS)
        began: float | None = None
        found: tuple[SpeechPaused, TurnEndSignals] | None = None
        for hop in self._activity.step(VadState(), Chunk(sound, HEARING_RATE_HZ, 0)):
            hops.append(hop)
            match segmenter.hear(hop.probability, hop.at):
                case SpeechStarted(since=since):
                    if found is not None:
                        yield self._pause(row, *found, length_s=since - found[0].last_speech_at)
                    began, found = since if began is None else began, None
                case SpeechPaused() as paused:
                    assert began is not None
                    start, stop = (round(at * HEARING_RATE_HZ) for at in (max(0.0, began - PRE_ROLL_S), paused.at))
                    spoken = round(paused.last_speech_at * HEARING_RATE_HZ)
                    text = self._transcriber.transcribe(sound[start:stop]).text
                    signals = TurnEndSignals(
                        self._smart_turn.probability(sound[max(0, spoken - WINDOW) : spoken]),
                        self._words.probability(text),
                        text,
                        voice_slope(hops, paused.last_speech_at),
                        prosody(sound[start:spoken]),
                    )
                    found = paused, signals
                    if paused.last_speech_at > ends_at - END_TOLERANCE_S:
                        yield self._pause(row, *found, length_s=None)
                        return

    def _pause(self, row: SpeechRow, paused: SpeechPaused, signals: TurnEndSignals, *, length_s: float | None) -> Pause:
        lag_s = paused.last_speech_at - row.silence_spans[-1][0] if length_s is None else 0.0
        return Pause(row.id, str(row.labels.get("voice", "")), signals, length_s, lag_s)


def measured(folder: Path) -> list[Pause]:
    """The pauses of all rows in `folder`; measured once and kept in `signals.jsonl` there."""
    kept = folder / "signals.jsonl"
    if not kept.exists():
        measuring, lines = SignalModels(), list[str]()
        for number, row in enumerate(read_rows(folder), 1):
            lines += [json.dumps(asdict(pause)) for pause in measuring.pauses(row)]
            print(f"\r{number} turns measured", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        kept.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [_read(line) for line in kept.read_text(encoding="utf-8").splitlines()]


def _read(line: str) -> Pause:
    fields = json.loads(line)
    signals = fields.pop("signals")
    return Pause(signals=TurnEndSignals(**{**signals, "prosody": Prosody(**signals["prosody"])}), **fields)
