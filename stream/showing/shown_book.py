"""What was shown in a session: the things that are understood, those that still wait, and answers about them.

The showing stage writes, replies read. What a reply finds out about the user's attention counts once it was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

from dialogue.blocks import Block, Fact, ShownBlock
from dialogue.engine import Citation, TextDelta
from dialogue.library.answers import supporting
from dialogue.library.quotes import Quote
from dialogue.library.sources import source, spoken_source
from dialogue.prompts.prompt import quoted_rows
from dialogue.shown.answers import answer_about_shown
from dialogue.shown.excerpts import excerpts
from dialogue.shown.receipts import as_json, asks_for_json
from dialogue.shown.shown_thing import PageText, ShownKind, ShownThing
from dialogue.shown.subjects import Attention, subjects
from stream.showing.long_documents import LongDocuments, quote_in_words

MOST_THINGS = 50  # of a call; older ones are forgotten
PATIENCE_S = 4.0  # for which an answer waits until something that was just shown is understood
TOPIC_S = 60.0  # for so long a question without a subject is about what the last answer was about


class ShownBook:
    """One per session. `rules`: answers by rule, for an engine that does not see. `camera` is whether one shows
    something, `page` the text that it shows, row by row; `now` is the session clock. `documents`: the long texts
    among the things, where there is an embedder."""

    def __init__(
        self,
        *,
        rules: bool,
        camera: Callable[[], bool],
        now: Callable[[], float],
        page: Callable[[], Sequence[str]] = tuple,
        documents: LongDocuments | None = None,
    ) -> None:
        self._rules, self._camera, self._now, self._page = rules, camera, now, page
        self._documents = documents
        self.things: list[ShownThing] = []
        self._waiting: dict[int, float] = {}  # numbers of those that are being taken in, and how far
        self._blocks: list[Block] = []  # for the engine
        self._excerpted: set[str] = set()  # excerpts that the engine has
        self._quotes: list[Quote] = []  # from documents, for the question that is being answered
        self._batch, self._fresh, self._topic_at = 0, False, float("-inf")
        self._drafted: bool | None = None  # whether the reply that is being made is about something shown
        self._changed = asyncio.Event()

    def begin(self, number: int, name: str) -> None:
        """A file has come."""
        if not self._fresh:
            self._batch, self._fresh = self._batch + 1, True
        self._waiting[number] = 0.0
        self.things = [*self.things, ShownThing(number, self._batch, "picture", name)][-MOST_THINGS:]

    def batch_of(self, number: int) -> int:
        return next((thing.batch for thing in self.things if thing.number == number), self._batch)

    def progress(self, number: int, kind: ShownKind, done: float) -> None:
        self._waiting[number] = done
        self.things = [
            ShownThing(number, each.batch, kind, each.name) if each.number == number else each for each in self.things
        ]

    def add(self, thing: ShownThing, blocks: Sequence[Block]) -> None:
        """It is understood; the engine is to get these blocks."""
        self.things = [thing if each.number == thing.number else each for each in self.things]
        self._blocks += blocks
        self._over(thing.number)

    def fail(self, number: int) -> None:
        """It cannot be used."""
        self.things = [each for each in self.things if each.number != number]
        self._over(number)

    def take_blocks(self) -> list[Block]:
        """What the engine is to be fed, in order."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def about(self, question: str) -> list[ShownThing]:
        """The things that the user's words are about; empty where they are about none."""
        topic = self._now() - self._topic_at < TOPIC_S
        found = subjects(question, self.things, Attention(self._fresh, topic, self._camera()))
        self._drafted = bool(found)
        return found

    async def consider(self, question: str) -> tuple[str | None, list[ShownBlock]]:
        """For a question about something shown: the answer by rule, or None and what the engine needs to answer it."""
        self._quotes = []
        things = await self.settled(self.about(question), PATIENCE_S)
        if not things and self._documents is not None:
            things = await self._documents.bearing(question, self.things)
            self._drafted = bool(things)
        if not things and self._rules and asks_for_json(question) and self._camera() and (rows := self._page()):
            return as_json(question, [ShownThing(0, 0, "picture", "", pages=(PageText("", "\n".join(rows)),))]), []
        known = self.answer(question, things)
        return known, [] if known is not None else await self.excerpts(question, things)

    def narrated(self, question: str) -> AsyncGenerator[str, None] | None:
        """A summary, a timeline or the chapters of the documents that the question is about, piece by piece; None where
        it asks for something else."""
        return self._documents.narrated(question, self.about(question)) if self._documents is not None else None

    async def settled(self, things: Sequence[ShownThing], patience_s: float) -> list[ShownThing]:
        """The things once they are understood, or as they are after `patience_s`; without those that failed."""
        numbers = {thing.number for thing in things}
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while numbers & self._waiting.keys():
                    self._changed.clear()
                    await self._changed.wait()
        return [thing for thing in self.things if thing.number in numbers]

    def answer(self, question: str, things: Sequence[ShownThing]) -> str | None:
        """The answer by rule, or that it is still being looked at; None where the engine is to answer."""
        for thing in things:
            if thing.number in self._waiting:
                percent = round(100 * self._waiting[thing.number])
                far = f", {percent} percent so far" if percent else ""
                return f"I'm still looking at the {thing.kind}{far}. Ask me again in a moment."
        return answer_about_shown(question, things) if self._rules else None

    async def excerpts(self, question: str, things: Sequence[ShownThing]) -> list[ShownBlock]:
        """The parts of long things that the question may be about, which the engine does not have yet."""
        found, documents = list[tuple[str, str]](), self._documents
        read = [thing for thing in things if documents is not None and documents.has(thing)]
        if documents is not None and read:
            quotes = await documents.quotes(question, read)
            self._quotes = [quote for _, quote in quotes]
            found = [(_title(thing), quote_in_words(quote)) for thing, quote in quotes]
        found += [part for thing in things if thing not in read for part in excerpts(question, thing)]
        new = [(title, text) for title, text in dict.fromkeys(found) if text not in self._excerpted]
        self._excerpted |= {text for _, text in new}
        return [ShownBlock(title, (Fact("text", "text", text=text),), self._now()) for title, text in new]

    def source_of(self, question: str, said: str) -> TextDelta | None:
        """A sentence that names where an answer stands in a document, with the quotation; None where none of those
        found for the question states it."""
        quote = supporting(said, self._quotes, question)
        if quote is None:
            return None
        return TextDelta(f" That is {spoken_source(quote.passage)}.", cited=Citation(source(quote.passage), quote.text))

    def draft(self) -> None:
        self._drafted = None

    def settle(self, heard: bool) -> None:
        """Whether any of the reply was heard."""
        drafted, self._drafted = self._drafted, None
        if heard and drafted is not None:
            self._fresh = False
            self._topic_at = self._now() if drafted else float("-inf")

    def _over(self, number: int) -> None:
        self._waiting.pop(number, None)
        self._changed.set()


def _title(thing: ShownThing) -> str:
    return f"{thing.kind} {thing.number}"


def in_words(excerpts: Sequence[ShownBlock]) -> str:
    """For a model that reads them with the question: a line each, quoted as data."""
    return "".join(f"\n[{each.title}: “{quoted_rows(fact.text)}”]" for each in excerpts for fact in each.facts)
