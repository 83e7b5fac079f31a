"""Answers a question about long texts from the passages that bear on it; nothing else is read by the model.

The passages of each document are found by its index, the model reads them on sheets that fit one request (map), and the
records of several sheets are reduced as those of any long text. The confidence is not the model's: it is 5 where one
quotation states the answer beside words of the question, and 3 where several lead to it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from dialogue.library.answers import NOT_STATED, is_stated
from dialogue.library.question_words import question_words
from dialogue.library.quotes import Quote, has_word
from dialogue.library.sources import plain_title, source
from dialogue.long_text import prompts
from dialogue.long_text.records import LENGTHS, MOST_CONFIDENT, Record, best_so_far, grounded, read_record
from dialogue.text.scene_phrases import quoted
from stream.long_text.reduction import NO_ANSWER, LongAnswer, Reading, Reduction
from stream.long_text.text_index import TextIndex

LED = 3  # the confidence of an answer to which several quotations lead


class Excerpts:
    """The indexes of one or several documents."""

    def __init__(self, reduction: Reduction, indexes: Sequence[TextIndex]) -> None:
        self._reduction, self._indexes = reduction, indexes

    async def answer(self, question: str) -> AsyncGenerator[Reading | LongAnswer, None]:
        """Progress, and at the end the answer. Raises what the engine raises."""
        sheets = sheets_of(await self._quotes(question), self._reduction.room)
        for step in self._reduction.beginning([" ".join(quote.text for quote in sheet) for sheet in sheets]):
            yield step
        records, began = list[Record](), time.monotonic()
        for done, sheet in enumerate(sheets, 1):
            records.append(await self._read(question, sheet))
            best, left = best_so_far(records), (time.monotonic() - began) / done * (len(sheets) - done)
            yield Reading(done, len(sheets), left, best.answer if best is not None else "")
        if len(records) == 1:
            [only] = records
            yield LongAnswer(only.answer, only.places, only.confidence) if only.answer else LongAnswer(NO_ANSWER)
        else:
            yield await self._reduction.reduced(question, records)

    async def _quotes(self, question: str) -> list[Quote]:
        """Several documents share the first sheet evenly, so that they are compared in one request."""
        found = [await index.evidence(question) for index in self._indexes]
        if len(found) > 1:
            share = self._reduction.room // len(found)
            found = [sheet for quotes in found for sheet in sheets_of(quotes, share)[:1]]
        return [quote for quotes in found for quote in quotes]

    async def _read(self, question: str, sheet: Sequence[Quote]) -> Record:
        prompt = prompts.excerpts_prompt(question, sheet)
        record = read_record(await self._reduction.ask(prompt, prompts.EXCERPTS_SCHEMA), ())
        text = " ".join(f"{plain_title(quote.passage.title)}: {quote.text}" for quote in sheet)
        if NOT_STATED in record.answer.lower():
            record = replace(record, answer="")
        record = grounded(record, text, question)
        stating = [quote for quote in sheet if record.answer and is_stated(record.answer, quote, question)]
        leading = [sheet[0], *(quote for quote in sheet[1:] if _has_any(record.answer, quote))]
        return replace(
            record,
            information=text[: LENGTHS["information"]],
            confidence=(MOST_CONFIDENT if stating else LED) if record.answer else 0,
            places=tuple(dict.fromkeys(source(quote.passage) for quote in stating[:1] or leading)),
        )


def _has_any(answer: str, quote: Quote) -> bool:
    return any(has_word(word, quote.text.split()) for word in question_words(answer))


def sheets_of(quotes: Sequence[Quote], room: int) -> list[list[Quote]]:
    """The quotes in order, on sheets of at most `room` characters, and at least one on each."""
    sheets, length = list[list[Quote]](), 0
    for quote in quotes:
        size = len(source(quote.passage)) + len(quoted(quote.text)) + 8
        if not sheets or length + size > room:
            sheets.append([])
            length = 0
        sheets[-1].append(quote)
        length += size
    return sheets
