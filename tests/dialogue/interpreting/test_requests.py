"""Requests for live translation, in each language, and what is none."""

from __future__ import annotations

import pytest

from dialogue.interpreting.requests import TranslationRequest, name_of, named_languages, translation_request
from dialogue.languages.language import CODES

ASKED = [
    ("en", "Translate for us, please.", "on", ()),
    ("en", "Please translate between English and Chinese.", "on", ("en", "zh")),
    ("en", "Can you translate for us into Spanish?", "on", ("es",)),
    ("en", "Could you translate the lecture?", "captions", ()),
    ("en", "Show me captions in French.", "captions", ("fr",)),
    ("en", "Stop translating.", "off", ()),
    ("zh", "请帮我们翻译一下。", "on", ()),
    ("zh", "在英语和中文之间翻译。", "on", ("en", "zh")),
    ("zh", "翻译这场讲座。", "captions", ()),
    ("zh", "停止翻译。", "off", ()),
    ("es", "Traduce para nosotros al inglés.", "on", ("en",)),
    ("es", "Deja de traducir.", "off", ()),
    ("fr", "Traduis pour nous, s'il te plaît.", "on", ()),
    ("fr", "Arrête de traduire.", "off", ()),
    ("it", "Traduci per noi.", "on", ()),
    ("it", "Smetti di tradurre.", "off", ()),
    ("pt", "Traduza para nós.", "on", ()),
    ("pt", "Pare de traduzir.", "off", ()),
]


@pytest.mark.parametrize(("code", "text", "kind", "languages"), ASKED, ids=[text for _, text, _, _ in ASKED])
def test_a_request_is_recognised(code: str, text: str, kind: str, languages: tuple[str, ...]) -> None:
    found = translation_request(text, code)
    assert isinstance(found, TranslationRequest)
    assert (found.kind, found.languages) == (kind, languages)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "How do you say water in Spanish?"),
        ("en", "What does the sign say?"),
        ("en", "Stop the timer."),
        ("zh", "这个牌子翻译一下是什么意思？"),
        ("zh", "你会说英语吗？"),
        ("es", "¿Qué dice el cartel?"),
    ],
)
def test_other_words_about_languages_are_no_request(code: str, text: str) -> None:
    assert translation_request(text, code) is None


def test_every_language_has_a_name_for_every_other() -> None:
    for code in CODES:
        for named in CODES:
            assert named_languages(name_of(named, code), code) == (named,)
