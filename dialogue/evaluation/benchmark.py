"""What a benchmark is: items with a question and what is expected, a score for each answer, a figure for all. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

# What answers: a model that is asked about text and media, one that is asked about a long text, the library's search,
# or nothing: the answers were recorded before and are only scored.
Answering = Literal["model", "long text", "search", "recorded"]
RESAMPLED, SEED = 300, 7


@dataclass(frozen=True, slots=True, eq=False)
class BenchmarkItem:
    """One question. `media`, before the text, are pictures (bytes of a file) and paths of films. `context` is a long
    text. `expected` is JSON, as the benchmark's score needs it. `recorded` is an answer that stands in the files."""

    key: str
    prompt: str
    expected: Any
    group: str = ""
    media: tuple[bytes | Path, ...] = ()
    context: str = ""
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer's score: 0 .. 1, or several numbers that the figure is made of. `group` as in the item."""

    key: str
    group: str
    score: tuple[float, ...]


Figure = Callable[[Sequence[Scored]], float]


def mean_percent(scored: Sequence[Scored]) -> float:
    """The mean of the first numbers, in percent."""
    return 100 * sum(each.score[0] for each in scored) / len(scored) if scored else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """`items` reads the files at a path and raises BadInput. `published` are the makers' figures by model."""

    name: str
    measure: str
    files: str
    items: Callable[[Path], Iterator[BenchmarkItem]]
    score: Callable[[BenchmarkItem, str], tuple[float, ...]]
    figure: Figure = mean_percent
    answering: Answering = "model"
    most_tokens: int = 128
    nothing: str = ""  # an answer that says nothing
    published: Mapping[str, str] = field(default_factory=dict)


def interval(figure: Figure, scored: Sequence[Scored]) -> tuple[float, float]:
    """The 95 % confidence interval of a figure by the bootstrap (percentiles; Efron, 1979)."""
    chance = random.Random(SEED)
    figures = sorted(figure(chance.choices(scored, k=len(scored))) for _ in range(RESAMPLED))
    return figures[round(0.025 * (RESAMPLED - 1))], figures[round(0.975 * (RESAMPLED - 1))]
