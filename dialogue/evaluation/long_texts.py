"""InfiniteBench (Zhang et al. 2024): questions about texts of 100,000 tokens and more, in its files of JSON lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dialogue.evaluation.answers import chosen, overlap
from dialogue.evaluation.benchmark import BenchmarkItem
from dialogue.evaluation.files import found, lines

EXACT_NUMBERS = ("passkey", "number_string", "math_find")
CONTAINED = ("kv_retrieval", "longdialogue_qa_eng")


def long_items(data: Path) -> Iterator[BenchmarkItem]:
    """The name of the file is the task."""
    path = found(data, "passkey.jsonl", "*.jsonl")
    for line in lines(path):
        answers = line["answer"] if isinstance(line["answer"], list) else [line["answer"]]
        options = {"ABCD"[place]: text for place, text in enumerate(line.get("options") or [])}
        listed = "".join(f"\n{letter}. {text}" for letter, text in options.items())
        expected = {"answers": [str(each) for each in answers], "options": options}
        yield BenchmarkItem(str(line["id"]), line["input"] + listed, expected, path.stem, context=line["context"])


def long_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """By the task: the first number, a contained text, an option, or the overlap of words."""
    answers, options = item.expected["answers"], item.expected["options"]
    if options:
        right = [letter for letter, text in options.items() if text in answers]
        return (float(chosen(answer, options) in (*right, *answers)),)
    if item.group in EXACT_NUMBERS:
        number = re.search(r"\d+(?:\.\d+)?", answer)
        return (float(number is not None and number[0] in answers),)
    if item.group in CONTAINED:
        return (float(any(each.lower() in answer.lower() for each in answers)),)
    return (max(overlap(answer, each) for each in answers),)
