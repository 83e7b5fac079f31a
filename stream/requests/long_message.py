"""Answers a message that is too long for one request: the question in it, from the text around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from math import ceil

from dialogue.library.models import Embed
from dialogue.library.passage import Section
from dialogue.long_text.requests import question_and_text, request_in
from stream.long_text.excerpts import Excerpts
from stream.long_text.map_reduce import LongText, part_characters
from stream.long_text.reduction import LongAnswer, Reduction
from stream.long_text.text_index import TextIndex
from stream.models.parts import Parts

MOST_PARTS = 24  # of a summary


async def answer_long_message(message: str, parts: Parts, embed: Embed) -> LongAnswer:
    """Raises BadInput, and what the engine raises. Cancelling stops the model."""
    question, text = question_and_text(message)
    new_engine = parts.new_chat_engine or parts.new_engine
    engine = new_engine()
    room = part_characters(engine.context().limit)
    await engine.close()
    with TextIndex(title="the message", embed=embed, thread=parts.threads.documents) as index:
        async with aclosing(index.fill([Section("", text)])) as filling:
            async for _ in filling:
                pass
        reduction = Reduction(new_engine, room)
        if request_in(question) == "summary":
            most = min(MOST_PARTS, ceil(index.characters / room))
            return await _last(LongText(reduction, await index.digest(most, room)).summary())
        return await _last(Excerpts(reduction, [index]).answer(question))


async def _last(steps: AsyncGenerator[object, None]) -> LongAnswer:
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, LongAnswer):
                return step
    raise AssertionError("the last step is the answer")
