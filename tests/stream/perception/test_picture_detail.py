"""Pictures that a question is about are seen in detail, others at one slice, unless the user chooses otherwise."""

from __future__ import annotations

import pytest

from stream.perception.picture_detail import PictureDetail, concerns_scene, concerns_text


@pytest.mark.parametrize(
    ("words", "code", "coarse"),
    [
        ("What does the sign say?", "en", False),
        ("What is this?", "en", False),
        ("Read me the letter.", "en", False),
        ("How many people are there?", "en", False),
        ("Who invented the telephone?", "en", True),
        ("Tell me a joke.", "en", True),
        ("这是什么？上面写着什么？", "zh", False),
        ("讲个笑话。", "zh", True),
    ],
)
def test_detail_follows_the_question(words: str, code: str, coarse: bool) -> None:
    detail = PictureDetail("asked")
    assert detail.coarse(words, code) is coarse
    detail.level = "always"
    assert not detail.coarse(words, code)
    detail.level = "never"
    assert detail.coarse(words, code)


def test_an_answer_waits_for_a_new_look_only_where_the_scene_is_asked_about() -> None:
    assert concerns_scene("What does the sign say?")
    assert concerns_scene("Is it open?")
    assert not concerns_scene("What is twelve times four?")
    assert not concerns_scene("What time is it?")
    assert concerns_scene("Quelle heure est-il ?", "fr"), "in another language any question may be about the scene"


@pytest.mark.parametrize(
    ("words", "code", "about_text"),
    [
        ("What does the sign say?", "en", True),
        ("Read it to me.", "en", True),
        ("What do you see?", "en", False),
        ("What is this?", "en", False),
        ("Lis-le-moi.", "fr", True),
        ("Que vois-tu ?", "fr", False),
    ],
)
def test_some_questions_are_about_text_alone(words: str, code: str, about_text: bool) -> None:
    assert concerns_text(words, code) is about_text


def test_the_picture_of_a_second_is_fine_with_a_typed_question_about_it() -> None:
    detail = PictureDetail("asked")
    assert detail.fine("What does the sign say?") and detail.fine("牌子上写着什么？")
    assert not detail.fine("Tell me a joke.") and not detail.fine("")
    detail.level = "always"
    assert detail.fine("")
    detail.level = "never"
    assert not detail.fine("What does the sign say?")
