"""Clauses about what is to be waited for, and the sentences about them.

Also tests `condition.py` and `condition_patterns.py`.
"""

from __future__ import annotations

import pytest

from dialogue.text.plain_words import plain
from dialogue.watching.condition import Condition, WatchRule, came_true
from dialogue.watching.condition_words import condition_in


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("a person enters the room", "when a person comes in"),
        ("the cat jumps on the table", "when a cat comes in"),
        ("my mug is missing", "when the mug is gone"),
        ("the dog runs away", "when a dog leaves"),
        ("there's nobody in the room", "when nobody is there any more"),
        ("there are no cups left", "when there is no cup any more"),
        ("three people are in the room", "when there are three people"),
        ("someone approaches", "when a person comes close"),
        ("the person moves to the right", "when a person is on the right"),
        ("a man in red comes in", "when a person in red comes in"),
        ("an animal appears", "when an animal comes in"),
        ("you can read Gate 12", "when I read “Gate 12”"),
        ("the lights are turned off", "when it gets dark"),
        ("the text changes", "when the text changes"),
        ("the word EXIT disappears", "when the text “EXIT” is gone"),
        ("something moves", "when something changes"),
        ("you no longer see the bottle", "when the bottle is gone"),
    ],
)
def test_a_clause_is_read_and_named(clause: str, name: str) -> None:
    condition = condition_in(plain(clause), clause)
    assert isinstance(condition, Condition)
    assert WatchRule(1, condition).name == name


@pytest.mark.parametrize("clause", ["you are ready", "the war ended", "the world war begins", "dinner is served"])
def test_what_is_nothing_to_be_seen_is_not_read(clause: str) -> None:
    assert condition_in(plain(clause)) is None


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Condition("appears", ("person",), "person"), "a person came in on the left"),
        (Condition("appears", ("cup",), "mug"), "a mug appeared on the left"),
        (Condition("leaves", ("cup",), "mug", "red"), "the red mug is gone"),
        (Condition("count", ("person",), "person", number=2), "there are two people now"),
        (Condition("text", text="exit"), "I read “EXIT 42”"),
        (Condition("dark"), "it got dark"),
    ],
)
def test_what_came_true_is_said(condition: Condition, said: str) -> None:
    text = "EXIT 42" if condition.kind == "text" else ""
    assert came_true(condition, "left", text) == said


def test_a_rule_for_every_time_says_so() -> None:
    assert WatchRule(1, Condition("dark"), every_time=True).name == "every time it gets dark"
