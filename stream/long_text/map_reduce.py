"""Reads a text of any length part by part: LLM x MapReduce (arXiv 2410.09342) over any engine.

Every part is read into a record (map), and the records are reduced to one answer or summary (`reduction.py`). Closing
the iterator stops the models. `excerpts.py` answers sooner, from the passages that bear on a question.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from dialogue.errors import BadInput
from dialogue.long_text import prompts
from dialogue.long_text.estimate import CHARACTERS_A_TOKEN
from dialogue.long_text.parts import Part
from dialogue.long_text.records import SCHEMA, Record, best_so_far, grounded, groups_of, places_of, read_record
from stream.long_text.reduction import NO_ANSWER, LongAnswer, Reading, Reduction

# A message takes at most a third of a model's context; a token of English has four characters, of other texts fewer.
MESSAGE_SHARE = 3
LEAST_CHARACTERS = 600  # of a part


def part_characters(context_tokens: int) -> int:
    """How long a part may be for a model with this context. Raises BadInput where none fits."""
    most = context_tokens // MESSAGE_SHARE * CHARACTERS_A_TOKEN - prompts.FRAME
    if most < LEAST_CHARACTERS:
        raise BadInput(
            f"A context of {context_tokens} tokens is too small for long texts; ask for more with --context."
        )
    return most


class LongText:
    """One text in parts."""

    def __init__(self, reduction: Reduction, parts: Sequence[Part]) -> None:
        self._reduction, self._parts = reduction, parts
        self._texts = [part.text for part in parts]

    async def answer(self, question: str) -> AsyncGenerator[Reading | LongAnswer, None]:
        """Progress, and at the end the answer. Raises what the engine raises."""
        for step in self._reduction.beginning(self._texts):
            yield step
        records = list[Record]()
        work = [self._mapped(question, part) for part in self._parts]
        async with aclosing(_progress(work, records)) as steps:
            async for step in steps:
                yield step
        useful = [record for record in _ordered(records, self._parts) if not record.is_empty]
        yield await self._reduction.reduced(question, useful)

    async def summary(self) -> AsyncGenerator[Reading | LongAnswer, None]:
        """Progress, and at the end the summary."""
        for step in self._reduction.beginning(self._texts):
            yield step
        notes = list[Record]()
        work = [self._summed_up(part) for part in self._parts]
        async with aclosing(_progress(work, notes)) as steps:
            async for step in steps:
                yield step
        notes = [note for note in _ordered(notes, self._parts) if not note.is_empty]
        while len(groups := groups_of(notes, self._reduction.room)) > 1:
            notes = await self._reduction.all_of([self._joint(group, last=False) for group in groups])
        yield LongAnswer((await self._joint(notes, last=True)).information or NO_ANSWER)

    async def notes(self) -> AsyncGenerator[str, None]:
        """Two sentences on each part, in order, as soon as they are there: a summary spoken while it is made."""
        tasks = [asyncio.ensure_future(self._summed_up(part)) for part in self._parts]
        try:
            for task in tasks:
                if note := (await task).information:
                    yield note
        finally:
            await _cancelled(tasks)

    async def _mapped(self, question: str, part: Part) -> Record:
        prompt = prompts.map_prompt(question, part, len(self._parts))
        record = read_record(await self._reduction.ask(prompt, SCHEMA), (_named(part),))
        return grounded(record, part.text, question)

    async def _summed_up(self, part: Part) -> Record:
        written = await self._reduction.ask(prompts.summary_prompt(part, len(self._parts)), prompts.NOTE_SCHEMA)
        return Record(_summary(written), places=(_named(part),))

    async def _joint(self, notes: Sequence[Record], *, last: bool) -> Record:
        schema = prompts.SUMMARY_SCHEMA if last else prompts.NOTE_SCHEMA
        written = await self._reduction.ask(prompts.joint_summary_prompt(notes, last), schema)
        return Record(_summary(written), places=places_of(notes))


async def _progress(
    work: Sequence[Coroutine[Any, Any, Record]], records: list[Record]
) -> AsyncGenerator[Reading, None]:
    """Runs the requests and adds their records as they come. Closing it cancels those that still run."""
    began = time.monotonic()
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        for next_done in asyncio.as_completed(tasks):
            records.append(await next_done)
            done, best = len(records), best_so_far(records)
            left = (time.monotonic() - began) / done * (len(work) - done)
            yield Reading(done, len(work), left, best.answer if best is not None else "")
    finally:
        await _cancelled(tasks)


async def _cancelled(tasks: Sequence[asyncio.Task[Record]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _ordered(records: Sequence[Record], parts: Sequence[Part]) -> list[Record]:
    """In the order of the text."""
    place = {_named(part): number for number, part in enumerate(parts)}
    return sorted(records, key=lambda record: place[record.places[0]])


def _named(part: Part) -> str:
    return part.place or f"part {part.number}"


def _summary(written: str) -> str:
    """The summary in JSON, or the text where there is none."""
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    return " ".join(str(value.get("summary", "") if isinstance(value, dict) else value).split())
