"""Words that are whole, that break off, and that tell nothing about the end of a turn."""

from __future__ import annotations

import pytest

from dialogue.languages.language import language
from dialogue.languages.whole_words import are_whole


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("zh", "现在几点了？"),
        ("zh", "牌子上写着什么"),
        ("zh", "设一个三分钟的计时器。"),
        ("es", "¿Qué hora es?"),
        ("es", "Pon un temporizador de tres minutos."),
        ("fr", "Quelle heure est-il ?"),
        ("it", "Che ore sono?"),
        ("pt", "Que horas são?"),
        ("ja", "今何時ですか？"),
        ("hi", "कितने बजे हैं?"),
    ],
)
def test_what_a_rule_answers_is_whole(code: str, text: str) -> None:
    assert are_whole(text, language(code)) is True


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("zh", "请给我讲一个。"),
        ("zh", "我想知道，"),
        ("zh", "有人进来的时候"),
        ("es", "Pon un temporizador de"),
        ("es", "Quiero saber que"),
        ("fr", "Est-ce que"),
        ("fr", "Je cherche une"),
        ("it", "Imposta un timer di"),
        ("pt", "Eu gosto de"),
        ("ja", "この看板を"),
        ("hi", "मुझे एक"),
    ],
)
def test_what_breaks_off_is_not(code: str, text: str) -> None:
    assert are_whole(text, language(code)) is False


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("zh", "好的。"),
        ("zh", "嗯。"),
        ("zh", "看到猫就告诉我。"),
        ("zh", "这个不是我的。"),
        ("zh", "我要两个。"),
        ("es", "¿Por qué?"),
        ("es", "No sé."),
        ("es", "¿Y tú?"),
        ("es", "Sí."),
        ("fr", "C'est où ?"),
        ("fr", "Bien sûr."),
        ("it", "Cos'è?"),
        ("it", "Perché?"),
        ("pt", "O quê?"),
        ("pt", "Não."),
        ("ja", "いつからですか？"),
        ("hi", "क्या?"),
    ],
)
def test_short_answers_and_questions_tell_nothing(code: str, text: str) -> None:
    assert are_whole(text, language(code)) is None
