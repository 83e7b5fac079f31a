"""The question files: sizes, rules that compile, labels that the detector knows, no question in both halves."""

from __future__ import annotations

import re

import pytest

from benchmarks.quality.judging import verdict
from benchmarks.quality.question_sets import HALVES, everyday, general, scenes, talk
from dialogue.text.labels import LABELS


@pytest.mark.parametrize("half", HALVES)
def test_every_rule_can_be_used(half: str) -> None:
    asked = [*everyday(half), *(question for scene in scenes(half) for question in scene.questions)]
    assert all(question.rules and question.text for question in asked)
    for question in asked:
        verdict("Yes, there is one.", question.rules)


@pytest.mark.parametrize("half", HALVES)
def test_scenes_hold_what_the_vision_models_can_report(half: str) -> None:
    facts = [fact for scene in scenes(half) for view in scene.views for fact in view.facts]
    assert {fact.label for fact in facts if fact.kind == "object"} <= set(LABELS)
    assert all(re.fullmatch("[a-z]*", fact.colour) for fact in facts)
    assert sum(fact.count for fact in facts) > len(facts)


def test_the_held_out_half_is_large_enough_and_apart() -> None:
    held_out, development = (
        {question.text for scene in scenes(half) for question in scene.questions} for half in HALVES
    )
    assert len(scenes(HALVES[0])) + len(scenes(HALVES[1])) >= 20
    assert len(held_out) >= 120
    assert len(set(general(HALVES[0]))) >= 200
    assert len({question.text for question in everyday(HALVES[0])}) >= 60
    assert not held_out & development
    assert not set(general(HALVES[0])) & set(general(HALVES[1]))
    assert not set(talk(HALVES[0])) & set(talk(HALVES[1]))
