"""Answers a question from the library of documents: finds the passages, has an engine read them, checks its answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from dialogue.engine import Engine
from dialogue.grammars.response_format import ResponseFormat
from dialogue.library.answers import LibraryAnswer, answer_schema, nothing_found, prompt_for, read_answer, read_out
from dialogue.library.passage import Found
from dialogue.library.quotes import Quote, quotes_for
from stream.long_text.structured_request import structured_answer

Search = Callable[[str], Awaitable[Sequence[Found]]]


@dataclass(frozen=True, slots=True)
class Consulted:
    """An answer from the library, what was found for it, and the seconds that finding took."""

    answer: LibraryAnswer
    quotes: tuple[Quote, ...]
    retrieval_s: float


async def ask_library(search: Search, question: str, new_engine: Callable[[], Engine] | None) -> Consulted:
    """`new_engine` None: the model cannot read texts, and the best passage is quoted. Raises what the engine raises."""
    began = time.perf_counter()
    quotes = quotes_for(question, await search(question))
    took = time.perf_counter() - began
    return Consulted(await _answer(question, quotes, new_engine), tuple(quotes), took)


async def _answer(question: str, quotes: list[Quote], new_engine: Callable[[], Engine] | None) -> LibraryAnswer:
    if not quotes:
        return nothing_found(quotes)
    if new_engine is None:
        return read_out(quotes)
    form = ResponseFormat.with_schema(answer_schema(quotes))
    return read_answer(await structured_answer(new_engine, prompt_for(question, quotes), form), question, quotes)
