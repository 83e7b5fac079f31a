"""Answers a question about a text of any length, or sums it up: LLM x MapReduce (arXiv 2410.09342) over any engine.

Every part is read into a record (map), records are joined in groups until one request holds them all (collapse), and
the last request answers (reduce). Several requests run at a time where the engine gains by it. Closing the iterator
stops the models.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from dialogue.engine import Engine
from dialogue.errors import BadInput
from dialogue.grammars.response_format import ResponseFormat
from dialogue.long_text import prompts
from dialogue.long_text.parts import Part
from dialogue.long_text.records import SCHEMA, Record, agreed, best_so_far, grounded, groups_of, places_of, read_record
from dialogue.long_text.relevance import Relevance
from stream.requests.structured_request import structured_answer

T = TypeVar("T")

# A message takes at most a third of a model's context; a token of English has four characters, of other texts fewer.
MESSAGE_SHARE, CHARACTERS_A_TOKEN = 3, 3
LEAST_CHARACTERS = 600  # of a part
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
    """`places` are where it was read. `confidence` is the model's own, 0 to 5, and 0 for a summary."""

    text: str
    places: tuple[str, ...] = ()
    confidence: int = 0


def part_characters(context_tokens: int) -> int:
    """How long a part may be for a model with this context. Raises BadInput where none fits."""
    most = context_tokens // MESSAGE_SHARE * CHARACTERS_A_TOKEN - prompts.FRAME
    if most < LEAST_CHARACTERS:
        raise BadInput(
            f"A context of {context_tokens} tokens is too small for long texts; ask for more with --context."
        )
    return most


class LongText:
    """One text. `together` requests run at a time. `most_parts`: read only this many, those with most words of the
    question, in two rounds: the second looks for words that the first has found."""

    def __init__(
        self,
        new_engine: Callable[[], Engine],
        parts: Sequence[Part],
        request_characters: int,
        together: int = 1,
        most_parts: int | None = None,
    ) -> None:
        self._new_engine, self._parts, self._room = new_engine, parts, request_characters
        self._gate, self._most = asyncio.Semaphore(together), most_parts

    async def answer(self, question: str) -> AsyncGenerator[Reading | LongAnswer, None]:
        """Progress, and at the end the answer. Raises what the engine raises."""
        records = list[Record]()
        async with aclosing(self._read(question, records)) as steps:
            async for step in steps:
                yield step
        useful = [record for record in records if not record.is_empty]
        yield await self._reduced(question, useful)

    async def summary(self) -> AsyncGenerator[Reading | LongAnswer, None]:
        """Progress, and at the end the summary."""
        notes = list[Record]()
        work = [self._summed_up(part) for part in self._parts]
        async with aclosing(_progress(work, notes, len(self._parts))) as steps:
            async for step in steps:
                yield step
        notes = [note for note in _ordered(notes, self._parts) if not note.is_empty]
        while len(groups := groups_of(notes, self._room)) > 1:
            notes = await self._together([self._joint(group, last=False) for group in groups])
        yield LongAnswer((await self._joint(notes, last=True)).information or NO_ANSWER)

    async def _read(self, question: str, records: list[Record]) -> AsyncGenerator[Reading, None]:
        """Maps the parts; adds their records in the order of the text."""
        read = list[Part]()
        for chosen, known in self._rounds(question, read, records):
            work = [self._mapped(question, part, known) for part in chosen]
            total = len(self._parts) if self._most is None else min(self._most, len(self._parts))
            async with aclosing(_progress(work, records, total)) as steps:
                async for step in steps:
                    yield step
            read += chosen
        records[:] = _ordered(records, read)

    def _rounds(self, question: str, read: list[Part], records: list[Record]) -> Any:
        """The parts of each round, and what is known before it."""
        if self._most is None or self._most >= len(self._parts):
            yield list(self._parts), ""
            return
        relevance, first = Relevance(self._parts), (self._most + 1) // 2
        yield relevance.best(question, first), ""
        known = " ".join(record.information for record in records if record.information)[: self._room // 4]
        yield relevance.best(question, self._most - first, read, known), known

    async def _mapped(self, question: str, part: Part, known: str) -> Record:
        prompt = prompts.map_prompt(question, part, len(self._parts), known)
        record = read_record(await self._ask(prompt, SCHEMA), (_named(part),))
        return grounded(record, f"{part.text} {known}", question)

    async def _reduced(self, question: str, records: Sequence[Record]) -> LongAnswer:
        while len(groups := groups_of(records, self._room)) > 1:
            work = [self._joined(question, prompts.collapse_prompt(question, group), group) for group in groups]
            records = await self._together(work)
        if not records:
            return LongAnswer(NO_ANSWER)
        final = agreed(records) or await self._joined(question, prompts.reduce_prompt(question, records), records)
        if not final.answer:
            return LongAnswer(NO_ANSWER)
        return LongAnswer(final.answer, _where(final, records), final.confidence)

    async def _joined(self, question: str, prompt: str, records: Sequence[Record]) -> Record:
        notes = " ".join(f"{record.information} {record.answer}" for record in records)
        return grounded(read_record(await self._ask(prompt, SCHEMA), places_of(records)), notes, question)

    async def _summed_up(self, part: Part) -> Record:
        written = await self._ask(prompts.summary_prompt(part, len(self._parts)), prompts.NOTE_SCHEMA)
        return Record(_summary(written), places=(_named(part),))

    async def _joint(self, notes: Sequence[Record], *, last: bool) -> Record:
        schema = prompts.SUMMARY_SCHEMA if last else prompts.NOTE_SCHEMA
        written = await self._ask(prompts.joint_summary_prompt(notes, last), schema)
        return Record(_summary(written), places=places_of(notes))

    async def _ask(self, prompt: str, schema: dict[str, Any]) -> str:
        async with self._gate:
            return await structured_answer(self._new_engine, prompt, ResponseFormat.with_schema(schema))

    async def _together(self, work: Sequence[Awaitable[Record]]) -> list[Record]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_awaited(each)) for each in work]
        return [task.result() for task in running]


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def _progress(
    work: Sequence[Coroutine[Any, Any, Record]], records: list[Record], total: int
) -> AsyncGenerator[Reading, None]:
    """Runs the requests and adds their records as they come. Closing it cancels those that still run."""
    began, before = time.monotonic(), len(records)
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        for next_done in asyncio.as_completed(tasks):
            records.append(await next_done)
            done = len(records)
            best = best_so_far(records)
            left = (time.monotonic() - began) / (done - before) * (total - done)
            yield Reading(done, total, left, best.answer if best is not None else "")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ordered(records: Sequence[Record], parts: Sequence[Part]) -> list[Record]:
    """In the order of the text."""
    place = {_named(part): number for number, part in enumerate(sorted(parts, key=lambda part: part.number))}
    return sorted(records, key=lambda record: place[record.places[0]])


def _named(part: Part) -> str:
    return part.place or f"part {part.number}"


def _where(final: Record, records: Sequence[Record]) -> tuple[str, ...]:
    """The places that an answer rests on: those with the same answer, else all with information."""
    same = [record for record in records if record.answer and record.answer.lower() in final.answer.lower()]
    return places_of(same or records)


def _summary(written: str) -> str:
    """The summary in JSON, or the text where there is none."""
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    return " ".join(str(value.get("summary", "") if isinstance(value, dict) else value).split())
