"""`omnilive eval`: a public benchmark on files of the user's, with confidence intervals beside the makers' figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialogue.errors import BadInput
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, at_least_one, chosen_setup

if TYPE_CHECKING:
    from dialogue.evaluation.benchmark import Benchmark, BenchmarkItem, Scored
    from stream.models.setup import Setup

Answer = Callable[["BenchmarkItem"], Awaitable[str]]

EXAMPLES = """\
  omnilive evaluate list                            what there is, and the files that each takes
  omnilive evaluate OCRBench --data OCRBench.tsv --model openbmb/MiniCPM-V-2_6 --quantize int4
  omnilive evaluate BFCL --data BFCL_v3_simple.json --most 100
  omnilive evaluate InfiniteBench --data passkey.jsonl
  omnilive evaluate MTEB-retrieval --data scifact/  the library's search
"""


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "evaluate",
        evaluate,
        aliases=["eval"],
        about="evaluate a model on a public benchmark that you have downloaded",
        description="Asks every question of a benchmark, scores the answers as its authors do, and prints the figure "
        "with its 95 %% confidence interval beside the makers'. A run that was stopped goes on where it stopped.",
        examples=EXAMPLES,
    )
    parser.add_argument("name", metavar="NAME", help="the benchmark; `list` shows all")
    parser.add_argument("--data", type=Path, metavar="PATH", help="its file or folder")
    parser.add_argument("--most", type=at_least_one, metavar="N", help="ask only the first N questions")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="the answers and scores; default: NAME.results.jsonl"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figure and its interval as JSON")
    add_setup_options(parser)


def evaluate(options: argparse.Namespace) -> int:
    from dialogue.evaluation.benchmarks import BENCHMARKS

    if options.name == "list":
        for each in BENCHMARKS.values():
            print(f"{each.name:18} {each.files:34} {each.measure}")
        return 0
    benchmark = BENCHMARKS.get(options.name.lower())
    if benchmark is None:
        raise BadInput(f"There is no benchmark {options.name}; `omnilive eval list` shows all.")
    if options.data is None or not options.data.exists():
        raise BadInput(f"{benchmark.name} takes --data PATH: {benchmark.files}, or the folder that has it.")
    setup = chosen_setup(options) if benchmark.answering in ("model", "long text") else None
    scored = asyncio.run(_scored(benchmark, options, setup))
    if not scored:
        raise BadInput(f"{options.data} has no questions.")
    _report(benchmark, scored, options.json)
    return 0


async def _scored(benchmark: Benchmark, options: argparse.Namespace, setup: Setup | None) -> list[Scored]:
    """The scores of all questions; those in the file of results are not asked again."""
    from ui.commands.evaluation.results_file import ResultsFile

    who = repr(setup.engine) if setup is not None else benchmark.answering
    results = ResultsFile(
        path=options.results or Path(f"{benchmark.name}.results.jsonl"), benchmark=benchmark.name, who=who
    )
    async with answering(benchmark, options.data, setup) as answer:
        for number, item in enumerate(benchmark.items(options.data), 1):
            if options.most is not None and number > options.most:
                break
            if item.key not in results:
                try:
                    said = await answer(item)
                except BadInput as odd:
                    print(f"\n{item.key} cannot be asked and counts as not answered: {odd}", file=sys.stderr)
                    said = benchmark.nothing
                results.add(item, said, benchmark.score(item, said))
            print(f"\r{number} questions", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    return results.scored


@asynccontextmanager
async def answering(benchmark: Benchmark, data: Path, setup: Setup | None) -> AsyncIterator[Answer]:
    """What answers the questions of a benchmark."""
    from ui.commands.evaluation import answerers

    match benchmark.answering:
        case "model":
            assert setup is not None
            async with answerers.asking(setup, benchmark.most_tokens) as answer:
                yield answer
        case "long text":
            assert setup is not None
            async with answerers.reading(setup) as answer:
                yield answer
        case "search":
            yield await answerers.searching(data)
        case "recorded":
            yield answerers.recorded


def _report(benchmark: Benchmark, scored: Sequence[Scored], file: Path | None) -> None:
    from dialogue.evaluation.benchmark import interval

    value, (low, high) = benchmark.figure(scored), interval(benchmark.figure, scored)
    rows = [("here", f"{value:.1f}  ({low:.1f} to {high:.1f}, {len(scored)} questions)"), *benchmark.published.items()]
    print(f"{benchmark.name}: {benchmark.measure}")
    for who, figure in rows:
        print(f"  {who:16} {figure}")
    if file is not None:
        found: dict[str, Any] = {"benchmark": benchmark.name, "questions": len(scored), "figure": round(value, 3)}
        file.write_text(json.dumps({**found, "low": round(low, 3), "high": round(high, 3)}) + "\n", encoding="utf-8")
