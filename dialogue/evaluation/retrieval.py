"""Retrieval tasks of MTEB in the files of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/*.tsv`; nDCG@10."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dialogue.evaluation.benchmark import BenchmarkItem
from dialogue.evaluation.files import found, lines, table

MOST = 10  # findings that count


def retrieval_items(data: Path) -> Iterator[BenchmarkItem]:
    """Queries with their judged documents."""
    judged = defaultdict[str, dict[str, int]](dict)
    for row in table(found(data / "qrels", "test.tsv", "*.tsv")):
        judged[row["query-id"]][row["corpus-id"]] = int(row["score"])
    for line in lines(data / "queries.jsonl"):
        if line["_id"] in judged:
            yield BenchmarkItem(line["_id"], line["text"], judged[line["_id"]])


def corpus(data: Path) -> Iterator[tuple[str, str]]:
    """(id, text with its title) of every document."""
    for line in lines(data / "corpus.jsonl"):
        yield line["_id"], " ".join(filter(None, (line.get("title", ""), line["text"])))


def retrieval_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """nDCG@10 of the ids in a JSON list, the best first (Järvelin and Kekäläinen 2002)."""
    ideal = _gain(sorted(item.expected.values(), reverse=True))
    return ((_gain([item.expected.get(each, 0) for each in json.loads(answer)]) / ideal) if ideal else 0.0,)


def _gain(grades: list[int]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades[:MOST]))
