"""Measures the library of documents: what is found, how fast, and whether answers stand on what was found.

Self-made documents of every format are read as files are, and a library of 10,000 pages is filled up around them. A
question counts as found if one of the first five passages has its answer and comes from the right place; as grounded if
the answer has the fact and names that place; an unanswered one as refused if nothing is claimed. The questions of the
set `development` were used to choose thresholds and prompts, those of `held_out` were not.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.knowledge_set import development, held_out
from benchmarks.knowledge_set.documents import DocumentQuestion, KnowledgeSet, write_papers
from benchmarks.knowledge_set.filler import FillingEmbedder, fill
from benchmarks.report import benchmark_parser, report
from dialogue.engine import Engine
from dialogue.engines.entries import EMBEDDER
from dialogue.library.library import Library
from dialogue.library.passage import Found, Passage
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.library.indexing import Indexing
from stream.models.default_llm import choice_of, with_chosen_llm
from stream.models.engine_alone import engine_alone
from stream.models.setup import SETUPS
from stream.requests.library_requests import ask_library
from ui.host.home import weight_store

SETS = {"development": development.SET, "held_out": held_out.SET}
FOUND_AMONG = 5


def is_right(passage: Passage, asked: DocumentQuestion) -> bool:
    """Whether the passage is the place where the answer stands."""
    there = passage.title == asked.document and asked.place in passage.place
    return there and has_fact(passage.text, asked)


def has_fact(text: str, asked: DocumentQuestion) -> bool:
    return any(fact.lower() in text.lower() for fact in asked.expected)


def recall(library: Library, asked: Sequence[DocumentQuestion]) -> tuple[float, list[float]]:
    """The share of questions whose passage is found, and the milliseconds of each search."""
    found, times = 0, []
    for each in asked:
        began = time.perf_counter()
        findings = library.search(each.question, FOUND_AMONG)
        times.append((time.perf_counter() - began) * 1000)
        hit = any(is_right(finding.passage, each) for finding in findings)
        found += hit
        if not hit:
            print(f"not found: {each.question}")
    return found / len(asked), times


async def answers(library: Library, chosen: KnowledgeSet, new_engine: Callable[[], Engine] | None) -> dict[str, float]:
    async def search(question: str) -> list[Found]:
        return library.search(question)

    grounded = refused = claimed = 0
    for each in chosen.asked:
        answer = (await ask_library(search, each.question, new_engine)).answer
        right = answer.quote is not None and has_fact(answer.text, each) and is_right(answer.quote.passage, each)
        grounded += right
        claimed += answer.quote is not None
        print(f"{'' if right else 'WRONG ':6}{each.question}\n{'':6}{answer.text}", flush=True)
    for question in chosen.unanswered:
        answer = (await ask_library(search, question, new_engine)).answer
        refused += answer.quote is None
        print(f"{'' if answer.quote is None else 'CLAIM ':6}{question}\n{'':6}{answer.text}", flush=True)
    return {
        "asked": len(chosen.asked),
        "grounded": grounded,
        "answered": claimed,
        "unanswerable": len(chosen.unanswered),
        "refused_right": round(refused / max(1, len(chosen.unanswered)), 3),
    }


async def measure(chosen: KnowledgeSet, pages: int, llm: str, folder: Path) -> dict[str, float]:
    write_papers(chosen.papers, folder)
    store = weight_store()
    embedder = FillingEmbedder(SentenceEmbedder(store.path(EMBEDDER)).embed, seed=1)
    library = Library(folder / "library.sqlite", embedder)
    library.add_root(folder)
    done = Indexing(library).refresh()
    assert not done.faults, done.faults
    fill(library, embedder, pages, seed=2)
    library.search("Is everything warm?")
    share, times = recall(library, chosen.asked)
    figures = {
        "pages": pages,
        "recall_at_5": round(share, 3),
        "retrieval_ms_median": round(float(np.median(times)), 1),
        "retrieval_ms_p95": round(float(np.percentile(times, 95)), 1),
    }
    async with AsyncExitStack() as stack:
        new_engine = None
        setup = with_chosen_llm(SETUPS["laptop"], choice_of(llm), store, 2e10, lambda: 1e10)
        if setup.capabilities.reads:
            new_engine = await stack.enter_async_context(engine_alone(setup, store))
        print(f"language model: {setup.llm_choice}")
        figures |= await answers(library, chosen, new_engine)
    library.close()
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--set", choices=SETS, default="held_out", help="the questions (default: held_out)")
    parser.add_argument("--pages", type=int, default=10_000, help="pages around the documents (default: 10,000)")
    parser.add_argument("--llm", choices=("auto", "small", "large"), default="auto", help="default: auto")
    parser.add_argument("--every", type=int, default=1, help="ask every n-th question only (default: all)")
    options = parser.parse_args()
    every, chosen = options.every, SETS[options.set]
    some = KnowledgeSet(chosen.papers, chosen.asked[::every], chosen.unanswered[::every])
    with tempfile.TemporaryDirectory() as folder:
        report(asyncio.run(measure(some, options.pages, options.llm, Path(folder))), options.json)


if __name__ == "__main__":
    main()
