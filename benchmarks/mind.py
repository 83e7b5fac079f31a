"""Measures how well the embedded assistant answers: about scenes, in everyday talk, and whether rules catch too much.

Questions are in `benchmarks/quality/held_out` (figures) and `.../development` (to look at while something changes).
Scene questions are answered by the rules alone, by the model alone, and by both: the rule's answer where there is one,
else the model's. `confidently_wrong` counts wrong answers of both that do not admit a doubt. `general_hijacked` counts
questions about the world that a rule answers, with a camera on or off; a correct sum is no hijack. `speed` is what
`benchmarks/llm_speed.py` measures: ratios against llama.cpp on the same file, loading, memory, time to first token.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.llm_speed import speed_of_larger_llm
from benchmarks.quality.asking import Asker, clock, run_here
from benchmarks.quality.judging import Verdict, verdict
from benchmarks.quality.question_sets import HALVES, Question, everyday, general, scenes
from benchmarks.quality.scene_blocks import blocks_of, open_vision
from benchmarks.report import benchmark_parser, report
from dialogue.blocks import SceneBlock
from dialogue.engines.entries import DEFAULT_LLM, EMBEDDER, LARGER_LLM
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.text import arithmetic
from dialogue.text.plain_words import core, sentences
from ui.host.home import weight_store

CONTEXT_TOKENS = 2048
SPEED = "speed"
T = TypeVar("T")


def open_asker(name: str) -> Asker:
    """The embedded engine with the model `name`, opened as the assistant opens it."""
    store = weight_store()
    small = store.path(DEFAULT_LLM)
    if name == DEFAULT_LLM:
        from dialogue.engines.local_chat_model import open_local_chat

        return Asker(open_local_chat(small, run_here, CONTEXT_TOKENS, clock, phrase_descriptions=False).llm)
    from dialogue.engines.chat_model import open_larger_model

    larger = store.path(name)
    sessions = open_larger_model(larger, small, run_here, CONTEXT_TOKENS, clock, embedder_folder=store.path(EMBEDDER))
    engine = sessions()
    assert isinstance(engine, LocalChatEngine)
    return Asker(engine._llm)


class VerdictTally:
    """Counts verdicts by kind of question for one way of answering, and prints what went wrong."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Verdict]] = Counter()

    def add(self, kind: str, found: Verdict) -> Verdict:
        self._counts[kind, found] += 1
        return found

    def total(self, found: Verdict) -> int:
        return sum(count for (_, each), count in self._counts.items() if each is found)

    def lines(self) -> Iterable[str]:
        """ "count: 7 right, 1 admitted, 0 wrong" for each kind."""
        for kind in dict.fromkeys(kind for kind, _ in self._counts):
            yield f"  {kind:12} " + ", ".join(f"{self._counts[kind, each]:3} {each.value}" for each in Verdict)


class LlmRun:
    """One run over a half of the questions. `every` takes only each n-th one; `model` also asks the model."""

    def __init__(self, asker: Asker, options: argparse.Namespace) -> None:
        self._asker, self._half, self._every = asker, options.half, options.every
        self._model, self._show = not options.rules_only, options.show
        self._vision = open_vision(weight_store())

    async def scenes(self) -> dict[str, float]:
        rules, model, both = VerdictTally(), VerdictTally(), VerdictTally()
        for scene in scenes(self._half):
            blocks = blocks_of(scene, self._vision)
            chosen = self._chosen(scene.questions)
            replies = await self._by_model(chosen, blocks, scene.in_call)
            for question, said in zip(chosen, replies, strict=True):
                ruled = await self._asker.by_rule(question.text, blocks, in_call=scene.in_call)
                rules.add(question.kind, verdict(ruled or "", question.rules))
                alone = model.add(question.kind, verdict(said, question.rules))
                found = both.add(question.kind, verdict(ruled or said, question.rules))
                self._print(f"{scene.name}: {question.text}", found, ruled, f"({alone.value}) {said}")
        for name, tally in (("rules", rules), ("model", model), ("both", both)):
            print("\n".join([f"{name}:", *tally.lines()]))
        return {
            "scene_asked": sum(both.total(each) for each in Verdict),
            "scene_right": both.total(Verdict.RIGHT),
            "confidently_wrong": both.total(Verdict.WRONG),
            "scene_right_rules": rules.total(Verdict.RIGHT),
            "confidently_wrong_rules": rules.total(Verdict.WRONG),
            "scene_right_model": model.total(Verdict.RIGHT),
            "confidently_wrong_model": model.total(Verdict.WRONG),
        }

    async def general(self) -> dict[str, float]:
        """Rules alone: which of them catch what is not about the scene."""
        shown = blocks_of(scenes("development")[0], self._vision)
        asked, hijacked = self._chosen(general(self._half)), 0
        for text in asked:
            found = [said for blocks in (shown, ()) if (said := await self._asker.by_rule(text, blocks)) is not None]
            if found and not _is_sum(text):
                hijacked += 1
                print(f"HIJACKED    {text}\n            {found[0]}")
        return {"general_asked": len(asked), "general_hijacked": hijacked}

    async def everyday(self) -> dict[str, float]:
        both = VerdictTally()
        for question in self._chosen(everyday(self._half)):
            ruled = await self._asker.by_rule(question.text)
            [said] = [""] if ruled else await self._by_model([question], (), True)
            found = both.add(question.kind, verdict(ruled or said, question.rules))
            self._print(question.text, found, ruled, said)
        print("\n".join(["everyday:", *both.lines()]))
        asked = sum(both.total(each) for each in Verdict)
        return {
            "everyday_asked": asked,
            "everyday_right": both.total(Verdict.RIGHT),
            "everyday_wrong": both.total(Verdict.WRONG),
        }

    def _chosen(self, every: Sequence[T]) -> Sequence[T]:
        return every[:: self._every]

    async def _by_model(self, questions: Sequence[Question], blocks: Sequence[SceneBlock], in_call: bool) -> list[str]:
        if not self._model:
            return [""] * len(questions)
        return await self._asker.by_model([each.text for each in questions], blocks, in_call=in_call)

    def _print(self, question: str, found: Verdict, ruled: str | None, said: str) -> None:
        if self._show or found is not Verdict.RIGHT:
            print(f"{found.value.upper():10}{question}")
            print(f"{'':10}rule:  {ruled}" if ruled else f"{'':10}model: {said}", flush=True)


def _is_sum(text: str) -> bool:
    return any(arithmetic.result(core(words)) is not None for words in sentences(text))


async def answers(parts: Sequence[str], options: argparse.Namespace) -> dict[str, float]:
    run, figures = LlmRun(open_asker(options.llm), options), dict[str, float]()
    for part in parts:
        figures |= await getattr(run, part)()
    return figures


def measure(options: argparse.Namespace) -> dict[str, float]:
    """The speed first, while nothing else is in memory."""
    began = time.perf_counter()
    speed = speed_of_larger_llm(weight_store().path(LARGER_LLM)) if SPEED in options.parts else {}
    parts = [part for part in options.parts if part != SPEED]
    figures = speed | (asyncio.run(answers(parts, options)) if parts else {})
    return figures | {"minutes": round((time.perf_counter() - began) / 60, 1)}


def main() -> None:
    parser = benchmark_parser(__doc__)
    parts = ("general", "scenes", "everyday", SPEED)
    parser.add_argument(
        "parts", nargs="*", default=parts, choices=[*parts, parts], help="what to measure (default: all)"
    )
    parser.add_argument("--llm", choices=(LARGER_LLM, DEFAULT_LLM), default=LARGER_LLM, help="the embedded model")
    parser.add_argument("--half", choices=HALVES, default=HALVES[0], help="which questions (default: held_out)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask only each N-th question")
    parser.add_argument("--rules-only", action="store_true", help="leave the model out")
    parser.add_argument("--show", action="store_true", help="print right answers too")
    options = parser.parse_args()
    report(measure(options), options.json)


if __name__ == "__main__":
    main()
