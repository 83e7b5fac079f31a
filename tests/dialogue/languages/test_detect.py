"""Which language typed words are in."""

from __future__ import annotations

import pytest

from dialogue.languages.detect import language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("现在几点了？", "zh"),
        ("帮我看看这个 receipt", "zh"),
        ("What time is it?", "en"),
        ("Tell me about the word 你好 in the dictionary", "en"),
        ("¿Qué hora es?", "es"),
        ("Cuéntame algo de tu perro", "es"),
        ("Quelle heure est-il ?", "fr"),
        ("Je voudrais un café, s'il vous plaît", "fr"),
        ("Che ore sono?", "it"),
        ("Mi piace la pizza con il formaggio", "it"),
        ("Que horas são?", "pt"),
        ("Você pode me ajudar com isso?", "pt"),
    ],
)
def test_the_language_of_a_sentence(text: str, code: str) -> None:
    assert language_of(text) == code


def test_weak_evidence_keeps_the_language() -> None:
    assert language_of("OK", "es") == "es"
    assert language_of("no", "zh") == "zh"
    assert language_of("42!", "fr") == "fr"
    assert language_of("", "it") == "it"
