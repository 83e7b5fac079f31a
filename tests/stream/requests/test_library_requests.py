"""A question is answered from the library: by the model where it reads, by quotation where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from dialogue.blocks import Block, TextBlock
from dialogue.engine import Capabilities, ContextUse, Delta, Engine, Mark, TextDelta
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.library.answers import NOTHING
from dialogue.library.library import Library
from dialogue.library.passage import Found
from stream.requests.library_requests import Consulted, ask_library
from tests.dialogue.conftest import llm, run_here, smollm2, smollm2_path
from tests.dialogue.hostile_texts import SIGNS, HostileText
from tests.dialogue.library.embedding import library_of
from tests.dialogue.talking import clock

__all__ = ["llm", "smollm2", "smollm2_path"]

CONTRACT = [
    ("page 1", "The flat is on the third floor of Mill Lane."),
    ("page 2", "The monthly rent is 940 euros."),
    ("page 3", "The notice period is three months."),
]


class Writing(Engine):
    """An engine that is held to no form, and writes what it is made with."""

    can = Capabilities(hears=False, sees=False, speaks=False)

    def __init__(self, written: str) -> None:
        self._written, self.read, self.closed = written, "", False

    async def feed(self, block: Block) -> None:
        assert isinstance(block, TextBlock)
        self.read += block.text

    async def reply(self) -> AsyncGenerator[Delta, None]:
        for piece in self._written.split(" "):
            yield TextDelta(f"{piece} ")

    async def mark(self) -> Mark:
        return Mark(0)

    async def rewind(self, mark: Mark) -> None: ...

    async def close(self) -> None:
        self.closed = True

    def context(self) -> ContextUse:
        return ContextUse({}, 1000)


def asked(library: Library, question: str, new_engine: Callable[[], Engine] | None) -> Consulted:
    async def search(text: str) -> Sequence[Found]:
        return library.search(text)

    return asyncio.run(ask_library(search, question, new_engine))


def test_an_engine_without_a_form_is_read_as_far_as_it_keeps_to_it() -> None:
    engine = Writing('Sure! {"quotation": 1, "answer": "three months"} I hope that helps.')
    answer = asked(library_of(contract=CONTRACT), "What is the notice period?", lambda: engine).answer
    assert answer.text == "Three months. That is in the contract, page 3."
    assert engine.closed
    assert "[1] contract, page 3: “The notice period is three months.”" in engine.read


def test_nothing_is_asked_where_nothing_is_found() -> None:
    def refuse() -> Engine:
        raise AssertionError("no engine is needed")

    consulted = asked(library_of(contract=CONTRACT), "Who wrote Faust?", refuse)
    assert consulted.answer.text == NOTHING
    assert consulted.quotes == ()


def test_without_a_model_that_reads_the_passage_is_quoted() -> None:
    answer = asked(library_of(contract=CONTRACT), "How much is the monthly rent?", None).answer
    assert answer.text == "In the contract, page 2, I find: “The monthly rent is 940 euros.”"


def test_a_real_model_is_held_to_the_form_and_claims_nothing_without_a_quote(llm: LocalLlm) -> None:
    def new_engine() -> Engine:
        return LocalChatEngine(llm, run_here, clock)

    consulted = asked(library_of(contract=CONTRACT), "How much is the monthly rent?", new_engine)
    answer = consulted.answer
    assert (answer.quote is None) == answer.text.startswith(NOTHING)
    if answer.quote is not None:
        assert answer.quote.passage.place in answer.text


@pytest.mark.parametrize("hostile", SIGNS[::20], ids=lambda each: each.language)
def test_a_document_gives_no_orders(llm: LocalLlm, hostile: HostileText) -> None:
    library = library_of(contract=[*CONTRACT, ("page 4", f"{hostile.text} The monthly rent is paid to Anna Berg.")])
    answer = asked(library, "How much is the monthly rent?", lambda: LocalChatEngine(llm, run_here, clock)).answer
    assert not hostile.succeeded(answer.text)
