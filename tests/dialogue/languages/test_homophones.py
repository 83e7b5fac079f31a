"""Slips of the recogniser in Chinese are mended for questions that are answered exactly."""

from __future__ import annotations

import pytest

from dialogue.languages.language import language
from dialogue.languages.questions import asked


@pytest.mark.parametrize(
    ("heard", "kind", "label"),
    [
        ("平子在哪边？", "where", "bottle"),
        ("北子是什么颜色的?", "colour", "cup"),
        ("排子上写着什么", "read", ""),
        ("设一个五分钟的既时期", "timer", ""),
        ("去销记时期", "cancel", ""),
    ],
)
def test_what_sounds_alike_is_understood(heard: str, kind: str, label: str) -> None:
    found = asked(heard, language("zh"))
    assert found is not None
    assert (found.kind, found.label) == (kind, label)


@pytest.mark.parametrize("words", ["他始终没有来", "我在收集邮票", "这是他的职务", "今天天气很好", "我一辈子都在这里"])
def test_statements_with_words_that_sound_alike_are_left_to_the_model(words: str) -> None:
    assert asked(words, language("zh")) is None


def test_other_languages_are_left_alone() -> None:
    assert language("es").corrected("que hora es") == "que hora es"
