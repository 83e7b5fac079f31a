"""Finds the passages of a long text that bear on a question: by words and meaning, and by what they lead to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from itertools import islice
from pathlib import Path
from typing import Self

from dialogue.library.cutting import passages_of
from dialogue.library.library import Library
from dialogue.library.models import Embed
from dialogue.library.passage import Section
from dialogue.library.question_words import question_words
from dialogue.library.quotes import Quote, has_word, quotes_for
from dialogue.long_text.chapters import Chapter, chapters_of
from dialogue.long_text.digest import digest_of
from dialogue.long_text.leads import leads
from dialogue.long_text.parts import Part
from stream.runtime.device_thread import DeviceThread

HOPS = 2  # facts that one question may chain, besides the first
MOST_FIRST, MOST_OF_A_LEAD = 4, 2  # quotes
BATCH = 32  # passages that are embedded in one step


class TextIndex:
    """The passages of one document, in memory: use it in a `with` block, then search."""

    def __init__(self, title: str, embed: Embed, thread: DeviceThread | None = None) -> None:
        """`thread`: the one of the embedder, where several indexes share it; by default one of its own."""
        self._path, self._library = Path(title), Library(None, embed)
        self._thread, self._owns = thread or DeviceThread("long-text"), thread is None
        self.characters = 0  # of the text so far

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._owns:
            self._thread.close()
        self._library.close()

    async def fill(self, sections: Iterable[Section]) -> AsyncGenerator[int, None]:
        """Adds the text, which is read on another thread; gives the number of passages after each step."""
        self._library.begin(self._path, 0, 0)
        done, passages = 0, passages_of(sections)
        while batch := await asyncio.to_thread(lambda: list(islice(passages, BATCH))):
            await self._thread.run(self._library.append, self._path, batch)
            self.characters += sum(len(passage.text) for passage in batch)
            yield (done := done + len(batch))

    async def evidence(self, question: str) -> list[Quote]:
        """The quotes that bear on the question, the best first, then those to which they lead; each passage once.
        Empty where nothing in the text has to do with it."""
        found = newest = await self._quotes(question, MOST_FIRST)
        if whole := [quote for quote in found if has_all(question, quote.text)]:
            return whole  # nothing is missing that another passage could add, and others would only mislead
        for _ in range(HOPS):
            led = list[Quote]()
            for lead in leads(question, newest):
                led += [each for each in await self._quotes(lead, MOST_OF_A_LEAD) if not _has(found + led, each)]
            found, newest = found + led, led
        return found

    async def score(self, question: str) -> float:
        """How well the best passage fits the question, as the library scores it; 0 without one."""
        found = await self._thread.run(self._library.search, question, 1)
        return found[0].score if found else 0.0

    async def digest(self, stretches: int, most_characters: int) -> list[Part]:
        """The text in `stretches` parts, each shortened to the passages that stand for the others."""
        passages, meanings = await self._thread.run(self._library.meanings, self._path)
        return digest_of(passages, meanings, stretches, most_characters)

    async def chapters(self) -> list[Chapter]:
        """Where the subject changes, with headings."""
        return chapters_of(*await self._thread.run(self._library.meanings, self._path))

    async def _quotes(self, question: str, most: int) -> list[Quote]:
        return quotes_for(question, await self._thread.run(self._library.search, question, most), most)


def has_all(question: str, text: str) -> bool:
    """Whether every word of the question stands in the text."""
    words, there = question_words(question), text.split()
    return bool(words) and all(has_word(word, there) for word in words)


def _has(quotes: list[Quote], quote: Quote) -> bool:
    return any(each.passage.number == quote.passage.number for each in quotes)
