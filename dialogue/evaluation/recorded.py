"""Benchmarks whose answers were recorded before and are only scored: turn-taking and saying when something happens.

Full-Duplex-Bench (Lin et al. 2025): a folder for each sample with `input.wav`, `output.wav` and the words of the output
with their times (`output.json`). A task stands in the name of the folder above. Event clips: lines with the times that
are due and the times and texts that were said, as in Omni-DuplexEval. eot-bench: rows of a turn with its silences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import BenchmarkItem, Scored
from dialogue.evaluation.files import found, lines

TAKES_WORDS, TAKES_S = 3, 1.0  # more words, or longer: the floor is taken, it is no backchannel
IN_TIME_S = 4.0  # after an event


def duplex_items(data: Path) -> Iterator[BenchmarkItem]:
    samples = sorted(path.parent for path in data.rglob("input.wav"))
    if not samples:
        raise BadInput(f"{data} has no folders with input.wav.")
    for sample in samples:
        task = next((name for name in ("pause", "backchannel", "interruption") if name in sample.parent.name), "turn")
        yield BenchmarkItem(f"{sample.parent.name}/{sample.name}", "", task != "pause", task, recorded=_words(sample))


def _words(sample: Path) -> str:
    """The times of the words of the output, as JSON: [[start, end], ...]. Raises BadInput where they are missing."""
    path = sample / "output.json"
    if not path.is_file():
        raise BadInput(f"{path} is missing: transcribe output.wav with times of the words, as the benchmark does.")
    chunks = json.loads(path.read_text(encoding="utf-8")).get("chunks", [])
    return json.dumps([each["timestamp"] for each in chunks])


def duplex_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """Whether the floor is taken exactly where it should be."""
    words = json.loads(answer)
    takes = len(words) > TAKES_WORDS or (bool(words) and words[-1][1] - words[0][0] > TAKES_S)
    return (float(takes == bool(item.expected)),)


def event_items(data: Path) -> Iterator[BenchmarkItem]:
    """Lines {"clip": ..., "rule": ..., "due": [seconds], "said": [{"at": seconds, "text": ...}]}."""
    for number, line in enumerate(lines(found(data, "events*.jsonl", "*.jsonl"))):
        said = json.dumps([each["at"] for each in line["said"]])
        yield BenchmarkItem(str(line.get("clip", number)), line.get("rule", ""), line["due"], recorded=said)


def event_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """(sayings in time for an event of their own, sayings, events)."""
    left, hits = sorted(json.loads(answer)), 0
    for due in sorted(item.expected):
        hit = next((at for at in left if due <= at <= due + IN_TIME_S), None)
        if hit is not None:
            left.remove(hit)
            hits += 1
    return float(hits), float(len(json.loads(answer))), float(len(item.expected))


def event_f1(scored: Sequence[Scored]) -> float:
    """F1 of saying what is due, in percent."""
    hits, said, due = (sum(each.score[place] for each in scored) for place in range(3))
    return 200 * hits / (said + due) if said + due else 0.0


def turn_items(data: Path) -> Iterator[BenchmarkItem]:
    """One item for every silence: the last of a turn is its end. "replied_at" in seconds is when a recorded
    reply began; without it there was none."""
    path = found(data, "rows.jsonl", "*.jsonl")
    for row in lines(path):
        replied, spans = row.get("replied_at"), row["silence_spans"]
        for number, span in enumerate(spans):
            is_end = number == len(spans) - 1
            inside = replied is not None and span["start"] <= replied < (float("inf") if is_end else span["end"])
            yield BenchmarkItem(f"{row['id']}/{number}", "", is_end, recorded=json.dumps(inside))


def turn_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """Whether a reply begins in the last silence and in no other."""
    return (float(json.loads(answer) == item.expected),)
