"""The table of scene questions, follow-ups, and the cost of long texts.

Also tests `question_kinds.py`, `question_patterns.py` and `relation_questions.py`.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.scene_questions import scene_question

TABLE = Path(__file__).with_name("questions.tsv")
ROWS = [tuple(line.split("\t")) for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


def summary(question: SceneQuestion | None) -> tuple[str, str]:
    """A question as the table writes it."""
    if question is None:
        return "none", "-"
    about = ",".join(",".join(thing.labels) or f"?{thing.said}" for thing in question.things)
    return question.kind + ("@past" if question.when != "now" else ""), about or "-"


@pytest.mark.parametrize(("kind", "about", "text"), ROWS, ids=[row[2] for row in ROWS])
def test_each_question_of_the_table_is_recognised(kind: str, about: str, text: str) -> None:
    assert summary(scene_question(text)) == (kind, about)


def test_punctuation_and_capitals_do_not_matter() -> None:
    for kind, about, text in ROWS:
        if text.count(".") + text.count("?") <= 1 and "," not in text:
            bare = text.rstrip(".?!").lower()
            assert summary(scene_question(bare)) == (kind, about), bare


def test_the_beginning_differs_from_earlier() -> None:
    first = scene_question("What did the sign say at the beginning?")
    earlier = scene_question("what did the sign say a minute ago")
    assert first is not None and first.when == "first"
    assert earlier is not None and earlier.when == "earlier"


def test_colours_and_places_are_kept() -> None:
    red = scene_question("Is the bottle red?")
    left = scene_question("what is on the left")
    assert red is not None and red.colour == "red"
    assert left is not None and left.place == "left"


def test_a_woman_is_narrower_than_a_person() -> None:
    woman, person = scene_question("Do you see a woman?"), scene_question("Do you see a person?")
    assert woman is not None and not woman.things[0].exact
    assert person is not None and person.things[0].exact


@pytest.mark.parametrize(
    ("before", "text", "kind", "about"),
    [
        ("Where is the cup?", "and the phone?", "where", "cell phone"),
        ("Is there a dog?", "what about a cat", "exists", "cat"),
        ("How many cups are there?", "And the chairs?", "count", "chair"),
        ("What do you see on the left?", "And on the right?", "describe", "-"),
        ("What did the sign say?", "and now", "read", "-"),
    ],
)
def test_follow_ups_use_the_question_before(before: str, text: str, kind: str, about: str) -> None:
    assert summary(scene_question(text, scene_question(before))) == (kind, about)
    assert scene_question(text) is None


def test_a_statement_after_a_question_is_no_follow_up() -> None:
    assert scene_question("I had a cat once", scene_question("Is there a dog?")) is None


@pytest.mark.parametrize("text", ["is there " * 20_000, "x" * 100_000, "what is on the cup " * 5_000, "?" * 100_000])
def test_a_pasted_page_costs_little(text: str) -> None:
    began = time.process_time()
    scene_question(text)
    assert time.process_time() - began < 0.5
