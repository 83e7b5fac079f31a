"""`omnilive ask` about long films and recordings: what is said and seen in them becomes a text with times."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.engines.settings import EmbeddedSettings
from dialogue.library.library import title_of
from dialogue.library.passage import Section
from dialogue.shown.film_answers import events_of
from dialogue.shown.shown_thing import ShownThing
from dialogue.text.grammar import sentence
from dialogue.text.time_words import clock_time
from stream.media.media_file import contents, perceive
from stream.models.needs import weights_needed
from stream.models.parts import open_parts
from stream.showing.film_watching import WatchedFilm, watch
from ui.commands.long_texts.ask_text import answer_from
from ui.host.home import weight_store
from ui.host.progress import fetch

if TYPE_CHECKING:
    from stream.models.setup import Setup

LONGEST_S = 4 * 3600.0
PICTURES_PER_S = 0.5
MOST_WORDS, MOST_S = 60, 30.0  # of one section of speech


def ask_film(options: argparse.Namespace, setup: Setup, path: Path, question: str | None) -> None:
    """Prints the answer with times, the summary, the chapters or the timeline. Raises BadInput."""
    watched = asyncio.run(_watched(setup, path))
    film = ShownThing(1, 1, "film", title_of(path), tuple(watched.views), tuple(watched.said), seconds=watched.seconds)
    answer_from(options, setup, [(film.name, lambda: film_sections(film))], [path], question)


async def _watched(setup: Setup, path: Path) -> WatchedFilm:
    """Hears and sees with the embedded models, whatever answers afterwards; shows the progress."""
    embedded, store = replace(setup, engine=EmbeddedSettings(), chooses_llm=False, upgrade=None), weight_store()
    fetch(store, weights_needed(embedded, store))

    def show(share: float) -> None:
        print(f"\r\x1b[K{path.name}: {share:.0%} heard and seen", end="", file=sys.stderr, flush=True)

    parts = await open_parts(embedded, store)
    try:
        seconds = (await asyncio.to_thread(contents, path)).seconds
        pieces = perceive(path, PICTURES_PER_S, LONGEST_S)
        return await watch(pieces, seconds, parts, sees=False, on_progress=show if sys.stderr.isatty() else _silent)
    finally:
        parts.close()
        if sys.stderr.isatty():
            print(file=sys.stderr)


def film_sections(film: ShownThing) -> Iterator[Section]:
    """What is seen and said, in order of time; the place is the time. Speech is joined to half minutes."""
    seen = [(each.at_s, sentence(each.words)) for each in events_of(replace(film, said=()))]
    for at_s, text in sorted([*seen, *_speech(film)]):
        yield Section(clock_time(at_s), text)


def _speech(film: ShownThing) -> Iterator[tuple[float, str]]:
    held: list[str] = []
    began = 0.0
    for each in film.said:
        if held and (each.end_s - began > MOST_S or sum(len(text.split()) for text in held) > MOST_WORDS):
            yield began, " ".join(held)
            held = []
        began = began if held else each.start_s
        held.append(each.text)
    if held:
        yield began, " ".join(held)


def _silent(_share: float) -> None:
    """Where standard error is no terminal nothing is shown."""
