"""Words about the conversation itself, in languages other than English."""

from __future__ import annotations

import pytest

from dialogue.languages.floor_words import (
    FloorKind,
    asks_for_floor,
    is_about_floor,
    is_backchannel_in,
    wants_it_read_aloud,
    wants_more_read_aloud,
)
from dialogue.languages.language import CODES, ENGLISH, language


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("zh", "嗯嗯。"),
        ("zh", "哦，原来如此"),
        ("zh", "Mhm."),
        ("es", "Sí, claro."),
        ("fr", "Ah, d'accord."),
        ("it", "Va bene."),
    ],
)
def test_who_listens_does_not_interrupt(code: str, text: str) -> None:
    assert is_backchannel_in(text, code)


@pytest.mark.parametrize(
    ("code", "text"),
    [("zh", "停一下。"), ("zh", "不对"), ("zh", "等等，现在几点？"), ("es", "Para, por favor."), ("pt", "Não.")],
)
def test_who_wants_the_floor_is_heard(code: str, text: str) -> None:
    assert not is_backchannel_in(text, code)
    assert not is_backchannel_in(text, ENGLISH)


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("go_on", "zh", "请继续说。"),
        ("go_on", "zh", "好的，说下去吧"),
        ("again", "zh", "你刚才说什么？"),
        ("again", "zh", "没听清，请再说一遍。"),
        ("go_on", "es", "Sigue, por favor."),
        ("again", "es", "Perdona, ¿qué has dicho?"),
        ("go_on", "fr", "Continue, s'il te plaît."),
        ("again", "fr", "Qu'est-ce que tu as dit ?"),
        ("again", "it", "Scusa, cosa hai detto?"),
        ("go_on", "pt", "Pode continuar."),
    ],
)
def test_what_is_wanted_is_understood(kind: FloorKind, code: str, text: str) -> None:
    assert is_about_floor(kind, text, code)
    assert not is_about_floor(kind, text, ENGLISH)


@pytest.mark.parametrize("text", ["你刚才说的那本书多少钱？", "继续下雨怎么办？", "说说你的故事"])
def test_other_words_are_for_the_engine(text: str) -> None:
    assert not is_about_floor("go_on", text, "zh")
    assert not is_about_floor("again", text, "zh")


@pytest.mark.parametrize("text", ["请把这一页念给我听。", "全部读出来", "把上面的字从头到尾念一遍", "帮我朗读这封信"])
def test_chinese_is_read_aloud(text: str) -> None:
    assert wants_it_read_aloud(text, "zh")
    assert not wants_it_read_aloud(f"不要{text}", "zh")


def test_reading_goes_on() -> None:
    assert wants_more_read_aloud("继续念。", "zh")
    assert wants_more_read_aloud("Sigue leyendo.", "es")
    assert wants_it_read_aloud("Lee todo en voz alta.", "es")
    assert not wants_it_read_aloud("¿Qué libro debo leer?", "es")


def test_every_language_has_words_for_all_of_it() -> None:
    kinds = set(language("zh").table["floor"])
    assert all(set(language(code).table["floor"]) == kinds for code in CODES if code != ENGLISH)


def test_who_asks_for_silence_asks_for_the_floor() -> None:
    for code, text in (
        ("en", "Stop, please."),
        ("zh", "停一下。"),
        ("es", "Para, por favor."),
        ("ja", "ちょっと待って。"),
    ):
        assert asks_for_floor(text, code), text
    assert not asks_for_floor("现在几点了？", "zh")
