"""Questions about long texts are answered from the passages that bear on them.

Also tests `dialogue/long_text/digest.py`, `reduction.py`, `structured_request.py` and `text_index.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialogue.library.passage import Section
from dialogue.memory.sentence_embedding import WIDTH
from stream.long_text.excerpts import Excerpts
from stream.long_text.reduction import NO_ANSWER, LongAnswer, Reading, Reduction
from stream.long_text.text_index import TextIndex
from tests.stream.long_text.test_map_reduce import Rule, RuledEngine

FACTS = {100: "The silver compass was given to Edda Holm.", 700: "Edda Holm has moved to the town of Vardo."}
LINES = [f"The miller counted swallow number {number} and mended fence {number}." for number in range(900)]


def spelled(texts: Sequence[str]) -> NDArray[np.float32]:
    """A likeness of words that needs no weights: letters in threes."""
    vectors = np.full((len(texts), WIDTH), 1e-6, np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for place in range(len(text) - 2):
            row[hash_of(text[place : place + 3].lower()) % WIDTH] += 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def hash_of(text: str) -> int:
    return sum(ord(sign) * 31**place for place, sign in enumerate(text))


def chronicle() -> list[Section]:
    lines = [FACTS.get(number, line) for number, line in enumerate(LINES)]
    return [Section(f"page {page + 1}", " ".join(lines[page * 50 : page * 50 + 50])) for page in range(18)]


def asked(question: str, rule: Rule, *texts: list[Section], room: int = 3000) -> tuple[list[Reading], LongAnswer]:
    async def steps() -> list[Reading | LongAnswer]:
        indexes = [TextIndex(f"chronicle {number}", spelled) for number in range(len(texts))]
        for index, text in zip(indexes, texts, strict=True):
            async for _ in index.fill(text):
                pass
        answers = Excerpts(Reduction(lambda: RuledEngine(rule), room), indexes).answer(question)
        found = [step async for step in answers]
        for index in indexes:
            index.close()
        return found

    *progress, answer = asyncio.run(steps())
    assert isinstance(answer, LongAnswer)
    return [step for step in progress if isinstance(step, Reading)], answer


def answering(*answers: str) -> Rule:
    """A model that gives the first of the answers that stands in the quotations."""

    def rule(prompt: str) -> str:
        text = prompt.partition("Question:")[0]
        return json.dumps({"rationale": "", "answer": next((each for each in answers if each in text), "not stated")})

    return rule


def test_a_chain_of_facts_is_found_far_apart_and_read_at_once() -> None:
    question = "In which town is the person to whom the silver compass was given?"
    progress, answer = asked(question, answering("Vardo"), chronicle())
    assert (answer.text, answer.confidence) == ("Vardo", 3), "two quotations lead to it"
    assert answer.places == ("chronicle 0, page 3", "chronicle 0, page 15")
    assert len(progress) == 1, "one request, of 900 sentences"


def test_an_answer_that_one_quotation_states_is_sure() -> None:
    _, answer = asked("To whom was the silver compass given?", answering("Edda Holm"), chronicle())
    assert (answer.text, answer.confidence, answer.places) == ("Edda Holm", 5, ("chronicle 0, page 3",))


def test_where_one_passage_has_all_words_no_other_is_read() -> None:
    seen: list[str] = []

    def rule(prompt: str) -> str:
        seen.append(prompt)
        return answering("Edda Holm")(prompt)

    other = [*chronicle(), Section("page 19", "The silver lantern was given to Jonas Lund.")]
    asked("To whom was the silver compass given?", rule, other)
    assert "lantern" not in seen[0] and "Vardo" not in seen[0]


def test_what_stands_nowhere_is_not_answered() -> None:
    invented = lambda prompt: json.dumps({"rationale": "", "answer": "in Paris"})  # noqa: E731
    assert asked("Where was the silver compass bought?", invented, chronicle())[1] == LongAnswer(NO_ANSWER)


def test_documents_are_compared_in_one_request() -> None:
    seen: list[str] = []

    def rule(prompt: str) -> str:
        seen.append(prompt)
        prices = re.findall(r"\[\d+\] (chronicle \d)[^“]*“[^”]*costs (\d+) euros", prompt)
        return json.dumps({"rationale": "", "answer": min(prices, key=lambda price: int(price[1]))[0]})

    first, second = ([*chronicle(), Section("page 19", f"The boat costs {price} euros.")] for price in (900, 700))
    _, answer = asked("In which chronicle does the boat cost less?", rule, first, second)
    assert answer.text == "chronicle 1"
    assert len(seen) == 1


def test_a_digest_has_every_stretch_of_the_text() -> None:
    async def digest() -> list[str]:
        with TextIndex("chronicle", spelled) as index:
            async for _ in index.fill(chronicle()):
                pass
            return [part.place for part in await index.digest(3, 800)]

    assert asyncio.run(digest()) == ["page 1 to page 6", "page 7 to page 12", "page 13 to page 18"]
