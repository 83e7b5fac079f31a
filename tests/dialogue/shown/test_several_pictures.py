"""Questions that compare pictures, on scenes written down by hand."""

from __future__ import annotations

import pytest

from dialogue.blocks import Fact, SceneBlock
from dialogue.shown.several_pictures import answer_about_pictures, named_picture, shown_again


def scene(*facts: Fact) -> SceneBlock:
    return SceneBlock(facts, "", 0.0, camera=True, changes=((0.0, "a cat came into view"),))


def objects(label: str, count: int = 1) -> Fact:
    return Fact("object", label, count, "left")


def text(words: str) -> Fact:
    return Fact("text", "sign", text=words)


@pytest.mark.parametrize(
    ("question", "count", "named"),
    [
        ("What is in the first picture?", 2, (0, "What is in the picture?")),
        ("How many cups are in the second photo?", 2, (1, "How many cups are in the picture?")),
        ("What does the last one say?", 3, (2, "What does the picture say?")),
        ("What is in picture 2?", 2, (1, "What is in the picture?")),
        ("What is in the third picture?", 2, None),
        ("What is in picture 0?", 2, None),
        ("Is the first picture like the second picture?", 2, None),
        ("What has changed?", 2, None),
        ("How many more cups has the second picture?", 2, None),
    ],
)
def test_a_picture_is_named_by_its_place(question: str, count: int, named: tuple[int, str] | None) -> None:
    assert named_picture(question, count) == named


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which of these shows a cat?", "The second picture."),
        ("Which picture has people in it?", "The first and the third pictures."),
        ("Which one shows a giraffe?", "None of them, as far as I can see."),
        ("Which of the people is a doctor?", None),
        ("Which one would a cat like?", None),
        ("Which picture says exit?", "The third picture."),
        (
            "How many people are there in each picture?",
            "Two people in picture 1, no people in picture 2 and",
        ),
        ("Is there a cat in all of them?", "No, only in the second picture."),
        ("Are there cats in any of them?", "Yes, in the second picture."),
        ("Do all of them have people?", "No, only in the first and the third pictures."),
        ("Is there a giraffe in any of them?", "No, in none of them, as far as I can see."),
        ("Do all cats like milk?", None),
        ("How many people are there?", None),
        ("Which picture is the nicest?", None),
        ("What has changed?", None),
    ],
)
def test_pictures_are_compared_by_what_was_found_in_each(question: str, answer: str | None) -> None:
    scenes = [scene(objects("person", 2)), scene(objects("cat")), scene(objects("person"), text("EXIT"))]
    given = answer_about_pictures(question, scenes)
    assert given is None if answer is None else (given or "").startswith(answer)


def test_a_single_picture_is_left_to_the_engine() -> None:
    assert answer_about_pictures("Which of these shows a cat?", [scene(objects("cat"))]) is None


def test_what_all_pictures_show_is_in_all_of_them() -> None:
    assert answer_about_pictures("Which of these shows a cat?", [scene(objects("cat"))] * 2) == "Both of them."
    assert answer_about_pictures("Which of these shows a cat?", [scene(objects("cat"))] * 3) == "All of them."


def test_a_picture_shown_again_is_the_newest_scene_without_changes() -> None:
    again = shown_again(scene(objects("cat")), 24.0)
    assert again.at == 24.0 and not again.changes
    assert [(fact.label, fact.at, fact.since) for fact in again.facts] == [("cat", 24.0, 24.0)]


def test_the_picture_with_more_of_a_thing_is_named_with_the_numbers() -> None:
    scenes = [scene(objects("cup", 2)), scene(objects("cup"), objects("dog"))]
    said = "The first picture: two cups in picture 1 and one cup in picture 2."
    assert answer_about_pictures("In which picture are there more cups?", scenes) == said
    assert answer_about_pictures("Which one has fewer cups?", scenes) == said.replace("The first", "The second")
    assert (answer_about_pictures("Which has the most dogs, which picture?", scenes) or "").startswith("The second")
