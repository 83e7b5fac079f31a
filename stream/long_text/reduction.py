"""Asks an engine about the parts of a long text, and reduces the records of many requests to one answer.

`together` requests run at a time. Records are joined in groups until one request can read them all (collapse), and the
last request answers (reduce). Cancelling stops the models.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dialogue.engine import Engine
from dialogue.grammars.response_format import ResponseFormat
from dialogue.long_text import prompts
from dialogue.long_text.estimate import estimate_s
from dialogue.long_text.records import SCHEMA, Record, agreed, grounded, groups_of, places_of, read_record
from stream.long_text.structured_request import structured_answer
from stream.models.open_llm import Paced

T = TypeVar("T")

NO_ANSWER = "I find no answer to that in the text."


@dataclass(frozen=True, slots=True)
class Reading:
    """Progress: `done` of `parts` parts have been read, the rest takes about `left_s` seconds. `so_far` is the best
    answer up to now; it may still change."""

    done: int
    parts: int
    left_s: float
    so_far: str = ""


@dataclass(frozen=True, slots=True)
class LongAnswer:
    """`places` are where it was read. `confidence` is 0 to 5, and 0 for a summary."""

    text: str
    places: tuple[str, ...] = ()
    confidence: int = 0


class Reduction:
    """Requests to one model. `room` is how many characters of a text or of records fit into one."""

    def __init__(self, new_engine: Callable[[], Engine], room: int, together: int = 1) -> None:
        self._new_engine, self.room, self._gate = new_engine, room, asyncio.Semaphore(together)

    def estimate_s(self, texts: Sequence[str]) -> float | None:
        """Seconds until all texts are read; None where the speed of the model is not known."""
        pace = self._new_engine.tokens_per_s if isinstance(self._new_engine, Paced) else None
        return None if not pace else estimate_s(texts, pace)

    def beginning(self, texts: Sequence[str]) -> Iterator[Reading]:
        """The progress before the first text is read: how long all of them take, where that is known."""
        if (seconds := self.estimate_s(texts)) is not None:
            yield Reading(0, len(texts), seconds)

    async def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        async with self._gate:
            return await structured_answer(self._new_engine, prompt, ResponseFormat.with_schema(schema))

    async def all_of(self, work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each) for each in work]
        return [task.result() for task in running]

    async def reduced(self, question: str, records: Sequence[Record]) -> LongAnswer:
        """The answer to which the records lead together."""
        while len(groups := groups_of(records, self.room)) > 1:
            work = [self._joined(question, prompts.collapse_prompt(question, group), group) for group in groups]
            records = await self.all_of(work)
        if not records:
            return LongAnswer(NO_ANSWER)
        final = agreed(records) or await self._joined(question, prompts.reduce_prompt(question, records), records)
        if not final.answer:
            return LongAnswer(NO_ANSWER)
        return LongAnswer(final.answer, _where(final, records), final.confidence)

    async def _joined(self, question: str, prompt: str, records: Sequence[Record]) -> Record:
        notes = " ".join(f"{record.information} {record.answer}" for record in records)
        return grounded(read_record(await self.ask(prompt, SCHEMA), places_of(records)), notes, question)


def _where(final: Record, records: Sequence[Record]) -> tuple[str, ...]:
    """The places that an answer rests on: those with the same answer, else all with information."""
    same = [record for record in records if record.answer and record.answer.lower() in final.answer.lower()]
    return places_of(same or records)
