"""The documents that were shown in a call, as long texts: what bears on a question, and what is said about all of one.

One index for each document, which every session keeps for itself; all share the thread of the embedder.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from math import ceil

import torch

from dialogue.engine import Engine
from dialogue.library.passage import Section
from dialogue.library.quotes import MOST_QUOTES, Quote
from dialogue.long_text.chapters import Chapter
from dialogue.long_text.dated import Dated, date_in_words, timeline_of
from dialogue.long_text.estimate import in_words
from dialogue.long_text.requests import request_in
from dialogue.requests.library_talk import LEAST_UNNAMED
from dialogue.shown.shown_thing import ShownThing
from dialogue.text.scene_phrases import quoted
from stream.long_text.map_reduce import LongText, part_characters
from stream.long_text.reduction import Reduction
from stream.long_text.text_index import TextIndex
from stream.models.parts import Parts

MOST_INDEXES = 20  # of one call; older documents are answered about by their words alone
MOST_SEARCHED = 4  # documents, for a question that names none
MOST_PARTS = 6  # of a summary in a call
MOST_DATES = 12  # that are said
WORTH_SAYING_S = 8.0  # a shorter wait is not announced
NO_DATES = "There are no dates in it."


class LongDocuments:
    """One per session. `reads`: its engine answers questions about a text that it is given."""

    def __init__(self, parts: Parts, *, reads: bool) -> None:
        self._parts, self._reads = parts, reads
        self._indexes: dict[int, TextIndex] = {}  # by the numbers of the things, oldest first

    def close(self) -> None:
        for index in self._indexes.values():
            index.close()

    async def read(self, number: int, title: str, sections: Iterable[Section]) -> AsyncGenerator[int, None]:
        """Reads a document; gives how many characters there are after each step. Raises what `sections` raise."""
        embed = self._parts.embed
        assert embed is not None, "a document is read where there is an embedder"
        thread = self._parts.threads.documents
        index = TextIndex(title=title, embed=embed, thread=thread)
        await thread.run(torch.set_num_threads, 1)  # of this thread: the call needs the other cores
        try:
            async with aclosing(index.fill(sections)) as steps:
                async for _ in steps:
                    yield index.characters
        except BaseException:
            index.close()
            raise
        self._indexes[number] = index
        for oldest in [*self._indexes][:-MOST_INDEXES]:
            self._indexes.pop(oldest).close()

    def has(self, thing: ShownThing) -> bool:
        return thing.number in self._indexes

    async def quotes(self, question: str, things: Sequence[ShownThing]) -> list[tuple[ShownThing, Quote]]:
        """What bears on the question in each document; several documents share the room evenly."""
        each = max(1, MOST_QUOTES // len(things)) if len(things) > 1 else MOST_QUOTES
        found = [(thing, await self._indexes[thing.number].evidence(question)) for thing in things]
        return [(thing, quote) for thing, quotes in found for quote in quotes[:each]]

    async def bearing(self, question: str, things: Sequence[ShownThing]) -> list[ShownThing]:
        """The documents, of the last ones, of which a passage has most of the question's words."""
        known = [thing for thing in things if self.has(thing)][-MOST_SEARCHED:]
        return [thing for thing in known if await self._indexes[thing.number].score(question) >= LEAST_UNNAMED]

    def narrated(self, question: str, things: Sequence[ShownThing]) -> AsyncGenerator[str, None] | None:
        """A summary, timeline or the chapters piece by piece, where the words ask for one of the last document and it
        can be made. Closing it stops the model."""
        known = [thing for thing in things if self.has(thing)]
        if not known or len(known) < len(things):
            return None
        match request_in(question):
            case "summary" if self._reads:
                return self._summary([self._indexes[thing.number] for thing in known])
            case "timeline":
                return _timeline(known)
            case "chapters":
                return _chapters([self._indexes[thing.number] for thing in known])
        return None

    async def _summary(self, indexes: Sequence[TextIndex]) -> AsyncGenerator[str, None]:
        new_engine = self._parts.new_chat_engine or self._parts.new_engine
        engine = new_engine()
        room = part_characters(engine.context().limit)
        await engine.close()
        reduction = Reduction(new_engine, room)
        most = max(1, MOST_PARTS // len(indexes))
        digests = [await index.digest(min(most, ceil(index.characters / room)), room) for index in indexes]
        parts = [part for digest in digests for part in digest]
        seconds = reduction.estimate_s([part.text for part in parts])
        if seconds is not None and seconds > WORTH_SAYING_S:
            yield f"Reading it takes about {in_words(seconds)}; I say what I find on the way. "
        async with aclosing(LongText(reduction, parts).notes()) as notes:
            async for note in notes:
                yield f"{note} "


def long_documents(parts: Parts, engine: Engine) -> LongDocuments | None:
    """Where there is an embedder."""
    return LongDocuments(parts, reads=engine.can.reads) if parts.embed is not None else None


def quote_in_words(quote: Quote) -> str:
    """Such as "page 3: The notice period is three months."."""
    return f"{quote.passage.place}: {quote.text}" if quote.passage.place else quote.text


async def _timeline(things: Sequence[ShownThing]) -> AsyncGenerator[str, None]:
    dated = timeline_of(Section(page.place, page.text) for thing in things for page in thing.pages)
    for each in dated[:MOST_DATES]:
        yield f"{_in_time(each)} "
    if len(dated) > MOST_DATES:
        yield f"And {len(dated) - MOST_DATES} more."
    if not dated:
        yield NO_DATES


async def _chapters(indexes: Sequence[TextIndex]) -> AsyncGenerator[str, None]:
    for index in indexes:
        for number, chapter in enumerate(await index.chapters(), 1):
            yield f"{_heading(number, chapter)} "


def _in_time(dated: Dated) -> str:
    return f"{date_in_words(dated.date)}: {quoted(dated.text)}"


def _heading(number: int, chapter: Chapter) -> str:
    place = f", {chapter.place}" if chapter.place else ""
    return f"Chapter {number}{place}: {quoted(chapter.heading)}"
