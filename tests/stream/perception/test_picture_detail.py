"""Pictures that a question is about are seen in detail, others at one slice, unless the user chooses otherwise."""

from __future__ import annotations

import pytest

from stream.perception.picture_detail import PictureDetail, concerns_scene


@pytest.mark.parametrize(
    ("words", "coarse"),
    [
        ("What does the sign say?", False),
        ("What is this?", False),
        ("How many people are there?", False),
        ("Who invented the telephone?", True),
        ("Tell me a joke.", True),
    ],
)
def test_detail_follows_the_question(words: str, coarse: bool) -> None:
    detail = PictureDetail("asked")
    assert detail.coarse(words) is coarse
    detail.level = "always"
    assert not detail.coarse(words)
    detail.level = "never"
    assert detail.coarse(words)


def test_an_answer_waits_for_a_new_look_only_where_the_scene_is_asked_about() -> None:
    assert concerns_scene("What does the sign say?")
    assert concerns_scene("Is it open?")
    assert not concerns_scene("What is twelve times four?")
    assert concerns_scene("Quelle heure est-il ?", "fr"), "in another language any question may be about the scene"


def test_the_picture_of_a_second_is_fine_with_a_typed_question_about_it() -> None:
    detail = PictureDetail("asked")
    assert detail.fine("What does the sign say?")
    assert not detail.fine("Tell me a joke.") and not detail.fine("")
    detail.level = "always"
    assert detail.fine("")
    detail.level = "never"
    assert not detail.fine("What does the sign say?")
