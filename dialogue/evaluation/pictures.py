"""Benchmarks of questions about pictures, in the tables of VLMEvalKit, by which the makers evaluate MiniCPM-V.

The prompts of the questions with options are those of the makers' evaluation of MiniCPM-V; the figures of MME, POPE and
OCRBench are those of their papers (Fu et al. 2023, Li et al. 2023, Liu et al. 2023).
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dialogue.evaluation.answers import chosen, yes_or_no
from dialogue.evaluation.benchmark import BenchmarkItem, Scored
from dialogue.evaluation.files import found, pictures

OPTIONS = "ABCDEFGHIJ"
_OPTIONS = (
    "Study the image carefully and pick the option associated with the correct answer. Focus solely on selecting the "
    "option and avoid including any other content."
)


def option_items(pattern: str, split: str = "") -> Callable[[Path], Iterator[BenchmarkItem]]:
    """Questions with options in the columns A, B, ...; of one split where there are several."""

    def items(data: Path) -> Iterator[BenchmarkItem]:
        for row, media in pictures(found(data, pattern, "*.tsv")):
            if split and row.get("split", split) != split:
                continue
            options = {letter: row[letter] for letter in OPTIONS if row.get(letter)}
            hint = f"Hint: {row['hint']}\n" if row.get("hint") else ""
            listed = "".join(f"{letter}. {text}\n" for letter, text in options.items())
            asked = f"{hint}{row['question']}\n"
            prompt = f"{_OPTIONS}\n{asked}Options:\n{listed}" if options else asked
            expected = {"answer": row["answer"].strip(), "options": options}
            yield BenchmarkItem(row["index"], prompt, expected, row.get("category", ""), media)

    return items


def option_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    if not item.expected["options"]:
        return (float(item.expected["answer"].lower() in answer.lower()),)
    return (float(chosen(answer, item.expected["options"]) == item.expected["answer"].upper()),)


def reading_items(data: Path) -> Iterator[BenchmarkItem]:
    """OCRBench: the answer is a list of accepted texts."""
    for row, media in pictures(found(data, "OCRBench*.tsv", "*.tsv")):
        accepted = ast.literal_eval(row["answer"]) if row["answer"].startswith("[") else [row["answer"]]
        yield BenchmarkItem(row["index"], row["question"], [str(each) for each in accepted], row["category"], media)


def reading_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """Whether an accepted text stands in the answer; formulas are compared without spaces and with their letters."""
    if item.group == "Handwritten Mathematical Expression Recognition":
        said = "".join(answer.split())
        return (float(any("".join(each.split()) in said for each in item.expected)),)
    said = " ".join(answer.lower().split())
    return (float(any(" ".join(each.lower().split()) in said for each in item.expected)),)


def of_a_thousand(scored: Sequence[Scored]) -> float:
    """The right answers of 1,000 questions."""
    return 1000 * sum(each.score[0] for each in scored) / len(scored)


def yes_no_items(pattern: str) -> Callable[[Path], Iterator[BenchmarkItem]]:
    def items(data: Path) -> Iterator[BenchmarkItem]:
        for row, media in pictures(found(data, pattern, "*.tsv")):
            prompt = row["question"]
            if "yes or no" not in prompt.lower():
                prompt += " Please answer yes or no."
            picture = hashlib.sha256(b"".join(media)).hexdigest()[:16]
            group = f"{row.get('category', '')}/{picture}"
            yield BenchmarkItem(row["index"], prompt, row["answer"].strip().lower(), group, media)

    return items


def yes_no_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """(right, said yes, yes is expected)."""
    said = yes_or_no(answer)
    return float(said == item.expected), float(said == "yes"), float(item.expected == "yes")


def mme(scored: Sequence[Scored]) -> float:
    """The sum over the categories of accuracy and of the share of pictures with both questions right, in percent."""
    by_picture = defaultdict[str, list[float]](list)
    for each in scored:
        by_picture[each.group].append(each.score[0])
    categories = defaultdict[str, list[list[float]]](list)
    for group, right in by_picture.items():
        categories[group.rpartition("/")[0]].append(right)
    return sum(
        100 * sum(map(sum, each)) / sum(map(len, each)) + 100 * sum(all(right) for right in each) / len(each)
        for each in categories.values()
    )


def pope(scored: Sequence[Scored]) -> float:
    """F1 of "yes", in percent, as the mean over the ways in which absent things were chosen."""
    by_kind = defaultdict[str, list[Scored]](list)
    for each in scored:
        by_kind[each.group.rpartition("/")[0]].append(each)
    return 100 * sum(map(_f1, by_kind.values())) / len(by_kind)


def _f1(scored: Sequence[Scored]) -> float:
    both = sum(each.score[1] and each.score[2] for each in scored)
    sides = sum(each.score[1] + each.score[2] for each in scored)
    return 2 * both / sides if sides else 0.0
