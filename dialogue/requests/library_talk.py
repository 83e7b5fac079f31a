"""Decides in a conversation whether a question is for the user's documents, and words the answer from them.

Most of what is said in a call has nothing to do with a document. A question goes to the library if it names one ("in
the contract", "my documents"), or if a passage has most of its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialogue.library.answers import LibraryAnswer, answer_schema, instruction, quotes_in_words, read_answer, read_out
from dialogue.library.passage import Found
from dialogue.library.question_words import question_words
from dialogue.library.quotes import Quote, has_word, quotes_for
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.toolbox import SearchLibrary

TOOL = "search_library"
# Without a document's name in the question. In the documents of benchmarks/knowledge_set/development.py 26 of 28
# questions that are answered have at least this score, and no general question has more than 0.3.
LEAST_UNNAMED = 0.6
_NAMED = re.compile(r"\b(?:documents?|librar(?:y|ies)|files?|papers|pdfs?|according to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Consultation:
    """`named`: the question is about the documents, whatever they say; else about anything, and the documents may
    answer it."""

    question: str
    quotes: tuple[Quote, ...]
    named: bool

    @property
    def call(self) -> FunctionCall:
        """The search, as if the model had called a function for it."""
        return FunctionCall(TOOL, {"question": self.question})

    @property
    def result(self) -> str:
        """What a model reads: the quotations, as data, and what to do with them."""
        return f"{quotes_in_words(self.quotes)}\n\n{instruction()}"

    @property
    def schema(self) -> dict[str, Any]:
        """The form of a model's answer."""
        return answer_schema(self.quotes)

    def shortened(self, fits: Callable[[str], bool]) -> Consultation:
        """With as many of the quotes, the best ones, as fit into the model's context; with all where none does."""
        for most in range(len(self.quotes), 0, -1):
            shorter = replace(self, quotes=self.quotes[:most])
            if fits(shorter.result):
                return shorter
        return self

    def answer(self, written: str | None) -> LibraryAnswer | None:
        """The answer from what a model wrote, or without a model. None where the documents do not say it and the
        question is not about them."""
        if written is None:
            answer = read_out(self.quotes)
        else:
            answer = read_answer(written, self.question, self.quotes)
        return answer if answer.quote is not None or self.named else None


async def consult(search: SearchLibrary | None, question: str) -> Consultation | None:
    """What the documents have to do with the question; None where that is nothing."""
    if search is None or not question_words(question):
        return None
    found = await search(question)
    quotes = quotes_for(question, found)
    named = bool(_NAMED.search(question)) or _names_one(question, found)
    if not named and (not quotes or quotes[0].score < LEAST_UNNAMED):
        return None
    return Consultation(question, tuple(quotes), named)


def _names_one(question: str, found: Sequence[Found]) -> bool:
    """Whether the question has the whole name of a document that was found."""
    words = question.split()
    titles = [question_words(each.passage.title) for each in found]
    return any(title and all(has_word(word, words) for word in title) for title in titles)
