"""`omnilive ask` about documents and other long texts: a question, a summary, a timeline."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.engines.entries import EMBEDDER
from dialogue.errors import BadInput
from dialogue.grammars.response_format import TakesResponseFormat
from dialogue.library.library import title_of
from dialogue.long_text.dated import date_in_words, timeline_of
from dialogue.long_text.estimate import in_words
from dialogue.long_text.parts import parts_of
from dialogue.long_text.requests import request_in
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.long_text.excerpts import Excerpts
from stream.long_text.map_reduce import LongText, part_characters
from stream.long_text.reduction import LongAnswer, Reading, Reduction
from stream.models.engine_alone import engine_alone, engine_weights
from ui.commands.long_texts.document_texts import NamedText, filled, named_sections, sections_of_file
from ui.host.home import weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from stream.models.setup import Setup

CANNOT_READ = (
    "The small embedded model makes up answers about texts. Use the larger one (OMNILIVE_MIND=large), another model "
    "(--llm, --model) or a server (--setup remote)."
)
TOGETHER_REMOTE = 8  # requests at a time
TOGETHER_HERE = 4  # where answers share passes: one token of four costs less than four tokens
MOST_PLACES = 6
USUAL_PARTS = 24  # of a summary, where a text has more


def ask_text(options: argparse.Namespace, setup: Setup, files: Sequence[Path], question: str | None) -> None:
    """Prints the answer, the summary where nothing or a summary is asked for, or the timeline. Raises BadInput."""
    for path in files:
        if not path.is_file():
            raise BadInput(f"There is no file {path}.")
    documents = [(title_of(path), partial(sections_of_file, path)) for path in files]
    answer_from(options, setup, documents, files, question)


def answer_from(
    options: argparse.Namespace,
    setup: Setup,
    documents: Sequence[NamedText],
    files: Sequence[Path],
    question: str | None,
) -> None:
    """Prints the answer from the texts of `files`. Raises BadInput."""
    began = time.perf_counter()
    wanted = request_in(question) if question is not None else "summary"
    if wanted == "timeline":
        answer = _timeline(documents)
    elif wanted == "chapters":
        answer = asyncio.run(_chapters(documents))
    else:
        if not setup.capabilities.reads:
            raise BadInput(CANNOT_READ)
        answer = asyncio.run(_answered(setup, documents, question, options.parts))
    if options.json:
        seconds = round(time.perf_counter() - began, 3)
        asked = {"files": [*map(str, files)], "question": question, "answer": answer.text, "places": answer.places}
        print(json.dumps({**asked, "confidence": answer.confidence, "seconds": seconds}, ensure_ascii=False))
        return
    print(answer.text)
    if answer.places:
        more = "" if len(answer.places) <= MOST_PLACES else f" and {len(answer.places) - MOST_PLACES} more"
        print(f"\nfrom: {', '.join(answer.places[:MOST_PLACES])}{more}")


def _timeline(documents: Sequence[NamedText]) -> LongAnswer:
    dated = timeline_of(named_sections(documents))
    if not dated:
        raise BadInput("There are no dates in the text.")
    lines = [f"{date_in_words(each.date)}: {each.text}{f' ({each.place})' if each.place else ''}" for each in dated]
    return LongAnswer("\n".join(lines))


async def _chapters(documents: Sequence[NamedText]) -> LongAnswer:
    store = weight_store()
    fetch(store, [EMBEDDER])
    async with filled(documents, SentenceEmbedder(store.path(EMBEDDER)).embed) as indexes:
        found = [chapter for index in indexes for chapter in await index.chapters()]
    return LongAnswer("\n".join(": ".join(filter(None, (each.place, each.heading))) for each in found))


async def _answered(
    setup: Setup, documents: Sequence[NamedText], question: str | None, most_parts: int | None
) -> LongAnswer:
    store, whole = weight_store(), most_parts == 0
    fetch(store, [*engine_weights(setup), EMBEDDER])
    async with engine_alone(setup, store) as new_engine:
        engine = new_engine()
        characters = part_characters(engine.context().limit)
        here = TOGETHER_HERE if isinstance(engine, TakesResponseFormat) else 1
        await engine.close()
        together = here if setup.engine.server is None else TOGETHER_REMOTE
        reduction = Reduction(new_engine=new_engine, room=characters, together=together)
        if whole:
            parts = await asyncio.to_thread(lambda: list(parts_of(named_sections(documents), characters)))
            return await _read_parts(LongText(reduction, parts), question)
        embed = SentenceEmbedder(store.path(EMBEDDER)).embed
        async with filled(documents, embed) as indexes:
            if _asks_for_summary(question):
                each = max(1, (most_parts or USUAL_PARTS) // len(indexes))
                parts = [part for index in indexes for part in await index.digest(each, characters)]
                parts = [replace(part, number=number) for number, part in enumerate(parts, 1)]
                return await _read_parts(LongText(reduction, parts), question)
            return await last_of(Excerpts(reduction, indexes).answer(question or ""))


async def _read_parts(text: LongText, question: str | None) -> LongAnswer:
    return await last_of(text.summary() if _asks_for_summary(question) else text.answer(question or ""))


def _asks_for_summary(question: str | None) -> bool:
    """Whether a summary is asked for, or nothing."""
    return question is None or request_in(question) == "summary"


async def last_of(steps: AsyncIterator[Reading | LongAnswer]) -> LongAnswer:
    """The answer, which is the last step; shows the others."""
    async for step in steps:
        if isinstance(step, LongAnswer):
            return step
        show(step)
    raise AssertionError("the last step is the answer")


def show(reading: Reading) -> None:
    """Before the first part how long all take; then one line for each part, on standard error, on a terminal the same
    line."""
    if not reading.done:
        parts = f"{reading.parts} parts are" if reading.parts != 1 else "One part is"
        print(f"{parts} read, about {in_words(reading.left_s)}; Ctrl-C ends it", file=sys.stderr, flush=True)
        return
    minutes, seconds = divmod(round(reading.left_s), 60)
    so_far = f"; so far: {reading.so_far}" if reading.so_far else ""
    line = f"{reading.done} of {reading.parts} parts, {minutes}:{seconds:02} left{so_far}"
    terminal = sys.stderr.isatty()
    end = "\n" if not terminal or reading.done == reading.parts else ""
    print(f"\r\x1b[K{line[:100]}" if terminal else line, end=end, file=sys.stderr, flush=True)
