"""The text and the notes are quoted in every request, and the rules for the confidence are the same in all."""

from __future__ import annotations

import pytest

from dialogue.library.passage import Passage
from dialogue.library.quotes import Quote
from dialogue.long_text import prompts
from dialogue.long_text.parts import Part
from dialogue.long_text.records import LENGTHS, MOST_CONFIDENT, Record
from tests.dialogue.hostile_texts import SIGNS

QUESTION = "Who has the compass?"


def every(text: str) -> list[str]:
    part, records = Part(1, "page 1", text), [Record(text[:300], "", text[:100], 3)]
    return [
        prompts.map_prompt(QUESTION, part, 2),
        prompts.collapse_prompt(QUESTION, records),
        prompts.reduce_prompt(QUESTION, records),
        prompts.summary_prompt(part, 2),
        prompts.joint_summary_prompt(records, last=True),
        prompts.excerpts_prompt(QUESTION, [Quote(Passage(1, "notes", "notes.txt", "page 1", text), text, 1.0)]),
    ]


@pytest.mark.parametrize("text", [each.text for each in SIGNS])
def test_a_hostile_text_stays_inside_its_quotation_marks(text: str) -> None:
    for hostile, harmless in zip(every(text), every("Harmless."), strict=True):
        assert hostile.count("“") == hostile.count("”") == harmless.count("“")


def test_the_confidence_is_explained_alike() -> None:
    asked = every("x")[:3]
    assert all("Confidence 5: the text states the answer word for word." in prompt for prompt in asked)


def test_the_frame_of_a_request_is_within_its_bound() -> None:
    for prompt in every(""):
        assert len(prompt) <= prompts.FRAME
    longest = Record("i" * LENGTHS["information"], "", "a" * LENGTHS["answer"], MOST_CONFIDENT)
    assert len(longest.in_words(10_000)) <= LENGTHS["information"] + LENGTHS["answer"] + 60
