"""Rows of turn-taking data, in the schema of eot-bench (https://github.com/livekit/eot-bench, Apache-2.0).

A row is one user's turn: its sound, the words with their times, and every silence of at least 0.1 s. The last silence
is the end of the turn, every earlier one a hesitation. A folder holds `rows.jsonl` and the sound files it names, so the
public set can be used once its rows are written like that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from audio.sound_file import read_sound

SHORTEST_SILENCE_S = 0.1


@dataclass(frozen=True)
class SpeechRow:
    """`silence_spans` and `words` are (start, end) in seconds of `audio`, in order."""

    id: str
    audio: Path
    duration: float
    silence_spans: tuple[tuple[float, float], ...]
    words: tuple[tuple[str, float, float], ...]
    labels: Mapping[str, Any]  # voice, room, noise, kind: ours, absent from the public set

    def samples(self) -> Samples:
        """(n,) float32 at 16 kHz."""
        sound = read_sound(self.audio)
        return resample_whole(sound.samples, sound.rate, HEARING_RATE_HZ)


def write_rows(folder: Path, rows: Iterable[SpeechRow]) -> None:
    lines = []
    for row in rows:
        spans = [{"start": round(start, 3), "end": round(end, 3)} for start, end in row.silence_spans]
        words = [{"word": word, "start": round(start, 3), "end": round(end, 3)} for word, start, end in row.words]
        fields = {"id": row.id, "audio": row.audio.name, "duration": round(row.duration, 3), "language": "en"}
        lines.append(json.dumps({**fields, "silence_spans": spans, "words": words, **row.labels}))
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_rows(folder: Path) -> Iterator[SpeechRow]:
    for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = tuple((span["start"], span["end"]) for span in row.pop("silence_spans"))
        words = tuple((word["word"], word["start"], word["end"]) for word in row.pop("words"))
        name, audio, duration = row.pop("id"), folder / row.pop("audio"), row.pop("duration")
        yield SpeechRow(name, audio, duration, spans, words, row)
