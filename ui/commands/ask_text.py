"""`omnilive ask` about documents: texts of any length, read part by part."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.errors import BadInput
from dialogue.library.passage import Section
from ui.host.home import weight_store
from ui.host.progress import bars

if TYPE_CHECKING:
    from stream.models.setup import Setup
    from stream.requests.long_text import LongAnswer, Reading
    from vision.reading.read_text import Reader

CANNOT_READ = (
    "The small embedded model makes up answers about texts. Use the larger one (OMNILIVE_MIND=large), another model "
    "(--llm, --model) or a server (--setup remote)."
)
TOGETHER_REMOTE = 8  # requests at a time; on this machine one uses all cores
MOST_PLACES = 6
_SUMMARY = re.compile(
    r"\s*(?:please )?(?:summari[sz]e|sum up|give (?:me )?a summary|what is (?:this|it|the text|the document) about)\b",
    re.IGNORECASE,
)


def asks_for_summary(question: str | None) -> bool:
    """Whether a summary is asked for, or nothing."""
    return question is None or _SUMMARY.match(question) is not None


def ask_text(options: argparse.Namespace, setup: Setup, files: Sequence[Path], question: str | None) -> None:
    """Prints the answer, or the summary where nothing or a summary is asked for. Raises BadInput."""
    for path in files:
        if not path.is_file():
            raise BadInput(f"There is no file {path}.")
    if not setup.capabilities.reads:
        raise BadInput(CANNOT_READ)
    began = time.perf_counter()
    answer = asyncio.run(_answered(setup, files, question, options.parts))
    if options.json:
        seconds = round(time.perf_counter() - began, 3)
        asked = {"files": [*map(str, files)], "question": question, "answer": answer.text, "places": answer.places}
        print(json.dumps({**asked, "confidence": answer.confidence, "seconds": seconds}, ensure_ascii=False))
        return
    print(answer.text)
    if answer.places:
        more = "" if len(answer.places) <= MOST_PLACES else f" and {len(answer.places) - MOST_PLACES} more"
        print(f"\nfrom: {', '.join(answer.places[:MOST_PLACES])}{more}")


async def _answered(setup: Setup, files: Sequence[Path], question: str | None, most_parts: int | None) -> LongAnswer:
    from dialogue.long_text.parts import parts_of
    from stream.models.engine_alone import engine_alone, engine_weights
    from stream.requests.long_text import LongAnswer, LongText, part_characters

    store = weight_store()
    with bars() as progress:
        store.pull(engine_weights(setup), progress)
    async with engine_alone(setup, store) as new_engine:
        engine = new_engine()
        characters = part_characters(engine.context().limit)
        await engine.close()
        parts = await asyncio.to_thread(lambda: list(parts_of(sections_of_files(files), characters)))
        if not parts:
            raise BadInput(f"{', '.join(path.name for path in files)}: there is no text to read.")
        together = 1 if setup.engine.server is None else TOGETHER_REMOTE
        text = LongText(new_engine, parts, characters, together, most_parts)
        steps = text.summary() if asks_for_summary(question) else text.answer(question or "")
        async for step in steps:
            if isinstance(step, LongAnswer):
                return step
            show(step)
    raise AssertionError("the last step is the answer")


def show(reading: Reading) -> None:
    """One line for each part that has been read, on standard error; on a terminal the same line."""
    minutes, seconds = divmod(round(reading.left_s), 60)
    so_far = f"; so far: {reading.so_far}" if reading.so_far else ""
    line = f"{reading.done} of {reading.parts} parts, {minutes}:{seconds:02} left{so_far}"
    terminal = sys.stderr.isatty()
    end = "\n" if not terminal or reading.done == reading.parts else ""
    print(f"\r\x1b[K{line[:100]}" if terminal else line, end=end, file=sys.stderr, flush=True)


def sections_of_files(files: Sequence[Path]) -> Iterator[Section]:
    """The sections of the documents; where there are several, each place begins with the document's name. Blocking.
    Raises BadInput."""
    from dialogue.library.library import title_of
    from stream.library.scanned_page import text_of_page
    from stream.media.decoder_process import sections_of
    from vision.reading.read_text import Reader

    @cache
    def reader() -> Reader:
        return Reader()

    for path in files:
        for section in sections_of(path, lambda rgb: text_of_page(reader(), rgb)):
            place = ", ".join(filter(None, (title_of(path), section.place))) if len(files) > 1 else section.place
            yield Section(place, section.text)
