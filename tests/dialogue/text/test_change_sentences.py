"""Sentences about what came, went or changed."""

from __future__ import annotations

import pytest

from dialogue.text import change_sentences
from dialogue.text.change_sentences import change_sentence
from vision import scene_event
from vision.scene_event import SceneEvent


def came(label: str, others: int) -> str:
    return change_sentence(SceneEvent("entered", 1.0, label, others))


def left(label: str, others: int) -> str:
    return change_sentence(SceneEvent("left", 1.0, label, others))


def test_coming_and_going() -> None:
    assert came("person", 0) == "a person came in"
    assert came("person", 1) == "another person came in"
    assert came("cup", 0) == "a cup appeared"
    assert left("person", 0) == "the person left"
    assert left("person", 2) == "one of the people left"
    assert left("cup", 0) == "the cup is gone"


def test_things_go_by_the_names_that_people_use() -> None:
    assert came("dining table", 0) == "a table appeared"
    assert left("tv", 1) == "one of the TVs is gone"


@pytest.mark.parametrize(
    ("label", "one", "of_several"),
    [
        ("scissors", "pair of scissors", "pairs of scissors"),
        ("skis", "pair of skis", "pairs of skis"),
        ("broccoli", "head of broccoli", "heads of broccoli"),
    ],
)
def test_what_has_no_singular_is_counted_in_pieces(label: str, one: str, of_several: str) -> None:
    assert came(label, 0) == f"a {one} appeared"
    assert came(label, 1) == f"another {one} appeared"
    assert left(label, 0) == f"the {one} is gone"
    assert left(label, 1) == f"one of the {of_several} is gone"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (SceneEvent("text appeared", 1.0, text="EXIT"), "a sign came into view: “EXIT”"),
        (SceneEvent("text changed", 1.0, text="SHUT", before="OPEN"), "the sign changed from “OPEN” to “SHUT”"),
        (SceneEvent("text gone", 1.0, text="EXIT"), "the sign “EXIT” is gone"),
        (SceneEvent("text returned", 1.0, text="EXIT"), "the sign “EXIT” is back in view"),
        (SceneEvent("moved left", 1.0, "cup"), "the cup moved to the left"),
        (SceneEvent("approached", 1.0, "person", 1), "one of the people came closer"),
        (SceneEvent("light off", 1.0), "it got dark"),
        (SceneEvent("light on", 1.0), "the light came back"),
    ],
)
def test_signs_light_and_movement(change: SceneEvent, sentence: str) -> None:
    assert change_sentence(change) == sentence


def test_both_packages_know_the_same_kinds_of_change() -> None:
    assert scene_event.SceneEventKind == change_sentences.ChangeKind
