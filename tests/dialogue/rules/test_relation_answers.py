"""Questions about how things stand to each other are answered from relations, and not guessed."""

from __future__ import annotations

from typing import get_args

import pytest

from dialogue import blocks
from dialogue.blocks import Fact, SceneBlock
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from vision import relations

DESK = SceneBlock(
    (
        Fact("object", "cup", place="left", at=1.0),
        Fact("object", "laptop", place="centre", at=1.0),
        Fact("object", "dining table", place="centre", at=1.0),
    ),
    "",
    1.0,
    relations=(
        ("cup", "on", "dining table"),
        ("laptop", "on", "dining table"),
        ("cup", "next to", "laptop"),
        ("cup", "left of", "laptop"),
        ("laptop", "right of", "cup"),
    ),
)


def ask(words: str) -> str:
    memory, question = SceneMemory(), scene_question(words)
    assert question is not None, f"{words} is a question about the scene"
    memory.see(DESK)
    return answer(question, memory, 1.0).text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is the cup on the table?", "Yes, the cup is on the table."),
        ("Is there a mug on my desk?", "Yes, the mug is on the desk."),
        ("Is the cup to the left of the laptop?", "Yes, the cup is left of the laptop."),
        ("Is the laptop left of the cup?", "No, the laptop is right of the cup."),
        ("What is on the table?", "On the table I see a cup and a laptop."),
        ("What's next to the laptop?", "Next to the laptop I see a cup."),
        ("Where is the cup?", "The cup is on the left, on the table."),
    ],
)
def test_what_is_known_is_said(question: str, expected: str) -> None:
    assert ask(question) == expected


def test_what_is_not_known_is_not_affirmed() -> None:
    assert "can't tell whether" in ask("Is the cup under the laptop?")
    assert ask("Is the cat on the table?") == "No, I don't see a cat right now."
    assert ask("Is the cup on the couch?") == "I see a cup on the left, but not a couch."
    assert ask("What is under the table?").startswith("I can't tell what is under the table. ")
    assert "cup" in ask("What is on the couch?"), "without a couch in view, everything is described"


def test_both_packages_know_the_same_relations() -> None:
    assert get_args(relations.RelationKind) == get_args(blocks.RelationKind)
