"""The parts with the words of a question are found, and those with words that were found before."""

from __future__ import annotations

from dialogue.long_text.parts import Part
from dialogue.long_text.relevance import Relevance

PARTS = [
    Part(1, "", "The miller counted swallows by the river."),
    Part(2, "", "The silver compass was given to Edda Holm."),
    Part(3, "", "The ferryman waited by the river."),
    Part(4, "", "Edda Holm lives in Vardo."),
    Part(5, "", "The baker lives by the river."),
]


def test_parts_with_rare_words_come_first_and_stay_in_order() -> None:
    relevance = Relevance(PARTS)
    question = "Where does the owner of the silver compass live?"
    assert [part.number for part in relevance.best(question, 2)] == [2, 4]
    assert len(relevance.best(question, 99)) == len(PARTS)


def test_what_is_known_leads_on() -> None:
    relevance = Relevance(PARTS)
    question = "Who owns the silver compass?"
    [first] = relevance.best(question, 1)
    assert first.number == 2
    assert [part.number for part in relevance.best(question, 1, [first], "Edda Holm has it.")] == [4]
