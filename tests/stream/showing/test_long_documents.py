"""Documents of any length in a call: what bears on a question is found, and a summary is spoken while it is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from dialogue.library.passage import Section
from dialogue.shown.shown_thing import PageText, ShownThing
from stream.models.parts import Parts
from stream.showing.long_documents import LongDocuments
from stream.showing.shown_book import ShownBook
from tests.stream.long_text.test_excerpts import chronicle, spelled
from tests.stream.long_text.test_map_reduce import Rule, RuledEngine
from tests.stream.toy_parts import toy_parts

DATES = [Section("page 19", "The bridge fell on 3 May 1912. It was built in 1880.")]


def summing_up(prompt: str) -> str:
    part = prompt.split(" of ", maxsplit=1)[0]
    return json.dumps({"summary": f"{part} is about swallows."})


class PacedReaders:
    """A factory that knows how fast its model is."""

    tokens_per_s = 10.0

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self) -> RuledEngine:
        return RuledEngine(self._rule)


@asynccontextmanager
async def shown(*texts: list[Section], rule: Rule = summing_up, reads: bool = True) -> AsyncIterator[ShownBook]:
    parts: Parts = replace(toy_parts(PacedReaders(rule)), embed=spelled)
    documents = LongDocuments(parts, reads=reads)
    book = ShownBook(rules=True, camera=lambda: False, now=lambda: 1.0, documents=documents)
    for number, text in enumerate(texts, 1):
        book.begin(number, f"chronicle {number}.txt")
        async for _ in documents.read(number, f"chronicle {number}", text):
            pass
        pages = tuple(PageText(section.place, section.text) for section in text)
        book.add(ShownThing(number, book.batch_of(number), "document", f"chronicle {number}.txt", pages=pages), [])
    try:
        yield book
    finally:
        documents.close()
        parts.close()


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_a_question_without_the_word_document_finds_a_chain_of_facts() -> None:
    async def story() -> None:
        async with shown(chronicle()) as book:
            known, blocks = await book.consider("Where does Edda Holm live, who got the silver compass?")
            found = " ".join(fact.text for block in blocks for fact in block.facts)
            assert known is None and {block.title for block in blocks} == {"document 1"}
            assert "page 3: " in found and "silver compass" in found and "Vardo" in found
            assert await book.consider("What is the capital of France?") == (None, [])

    run(story)


def test_an_answer_that_a_passage_states_has_its_source() -> None:
    question = "What is the notice period of the flat?"
    lease = [Section("page 1", "The notice period of the flat is three months. The rent is 900 euros.")]

    async def story() -> None:
        async with shown(lease) as book:
            await book.consider(question)
            source = book.source_of(question, "Well. The notice period is three months.")
            assert source is not None and source.text == " That is in the chronicle 1, page 1."
            assert source.cited is not None and source.cited.source == "chronicle 1, page 1"
            assert "three months" in source.cited.text
            assert book.source_of(question, "The notice period is nine months.") is None
            await book.consider("What is the capital of France?")
            assert book.source_of(question, "The notice period is three months.") is None

    run(story)


def test_two_documents_are_compared_from_both() -> None:
    async def story() -> None:
        owners = [[Section("page 1", f"The owner of the boat is {who}.")] for who in ("Edda Holm", "Jonas Lund")]
        async with shown(*owners) as book:
            _, blocks = await book.consider("Do both documents name the same owner of the boat?")
            assert [block.title for block in blocks] == ["document 1", "document 2"]

    run(story)


def test_a_summary_says_how_long_it_takes_and_comes_part_by_part() -> None:
    async def story() -> None:
        async with shown(chronicle()) as book:
            pieces = book.narrated("Summarise it, please.")
            assert pieces is not None
            first, *notes = [piece async for piece in pieces]
            assert first.startswith("Reading it takes about ")
            assert len(notes) == 6 and notes[0] == "Part 1 is about swallows. "

    run(story)


def test_a_summary_that_is_interrupted_stops_the_model() -> None:
    async def story() -> None:
        asked = list[str]()

        def rule(prompt: str) -> str:
            asked.append(prompt)
            return summing_up(prompt)

        async with shown(chronicle(), rule=rule) as book:
            pieces = book.narrated("Sum it up.")
            assert pieces is not None
            async with aclosing(pieces):
                [_ async for _ in _first(pieces, 2)]
            before = len(asked)
            await asyncio.sleep(0.05)
            assert len(asked) == before < 6
            assert RuledEngine.running == 0

    run(story)


async def _first(pieces: Any, count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(pieces)


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("Make a timeline.", "1880: “The bridge fell"),
        ("Show me the chapters.", "Chapter 1, page 19: “The bridge fell"),
        ("Who built it?", ""),
    ],
)
def test_timeline_and_chapters_need_no_model(question: str, beginning: str) -> None:
    async def story() -> None:
        async with shown(DATES, reads=False) as book:
            pieces = book.narrated(question)
            assert (pieces is not None) is bool(beginning)
            if pieces is not None:
                said = "".join([piece async for piece in pieces])
                assert said.startswith(beginning) or "3 May 1912" in said
            assert book.narrated("Summarise it.") is None, "a model that makes up answers about texts is not asked"

    run(story)
