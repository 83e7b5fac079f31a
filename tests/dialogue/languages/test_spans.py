"""Spans of time in words and in figures."""

from __future__ import annotations

import pytest

from dialogue.languages.language import language
from dialogue.languages.spans import seconds_in, span


@pytest.mark.parametrize(
    ("code", "words", "seconds"),
    [
        ("zh", "五分钟", 300),
        ("zh", "设一个二十五分钟的计时器", 1500),
        ("zh", "一个半小时", 5400),
        ("zh", "半小时", 1800),
        ("zh", "1小时30分钟", 5400),
        ("zh", "两分钟三十秒", 150),
        ("es", "un temporizador de cinco minutos", 300),
        ("es", "media hora", 1800),
        ("es", "una hora y media", 5400),
        ("es", "treinta y cinco segundos", 35),
        ("fr", "un minuteur de cinq minutes", 300),
        ("fr", "une heure et demie", 5400),
        ("it", "imposta un timer di 10 minuti", 600),
        ("it", "mezz ora", 1800),
        ("pt", "vinte e cinco minutos", 1500),
        ("pt", "duas horas", 7200),
        ("ja", "5分のタイマー", 300),
        ("ja", "一時間半のタイマー", 5400),
        ("hi", "पाँच मिनट का टाइमर", 300),
        ("hi", "डेढ़ घंटे का टाइमर", 5400),
    ],
)
def test_spans_in_words(code: str, words: str, seconds: float) -> None:
    assert seconds_in(language(code).plain(words), language(code)) == seconds


@pytest.mark.parametrize("code", ["zh", "es", "fr", "it", "pt", "ja", "hi"])
@pytest.mark.parametrize("words", ["", "hola", "你好", "el minuto de la verdad que no", "cinq"])
def test_other_words_are_no_span(code: str, words: str) -> None:
    assert seconds_in(language(code).plain(words), language(code)) is None


@pytest.mark.parametrize("code", ["zh", "es", "fr", "it", "pt", "ja", "hi"])
@pytest.mark.parametrize("seconds", [1, 45, 60, 90, 300, 3600, 5430])
def test_what_is_said_is_understood(code: str, seconds: int) -> None:
    assert seconds_in(language(code).plain(span(seconds, language(code))), language(code)) == seconds
