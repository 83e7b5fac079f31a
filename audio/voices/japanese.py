"""Turns Japanese words into the phonemes of Kokoro, by the readings of Janome's dictionary. Importing it loads that.

Kana are spelt as the weights were trained on them: palatal consonants before i, ɯ and ɨ for u, ɴ and ʔ for ン and ッ.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from janome.tokenizer import Tokenizer

from audio.voices.japanese_numbers import in_kana

_VOWELS = "aiɯeo"
_ROWS = {
    "アイウエオ": "", "カキクケコ": "k", "ガギグゲゴ": "ɡ", "サシスセソ": "s",
    "ザジズゼゾ": "ʣ", "タチツテト": "t", "ダヂヅデド": "d", "ナニヌネノ": "n",
    "ハヒフヘホ": "h", "バビブベボ": "b", "パピプペポ": "p",
    "マミムメモ": "m", "ラリルレロ": "ɾ",
}  # fmt: skip
_OWN = {
    "シ": "ɕi", "ス": "sɨ", "ジ": "ʥi", "ズ": "zɨ", "チ": "ʨi", "ツ": "ʦɨ", "ヂ": "ʥi", "ヅ": "zɨ", "ニ": "ɲi",
    "ヒ": "çi", "フ": "ɸɯ", "ヤ": "ja", "ユ": "jɯ", "ヨ": "jo", "ワ": "βa", "ヲ": "o", "ヴ": "vɯ",
    "ン": "ɴ", "ッ": "ʔ", "ー": "ː",
}  # fmt: skip
_SPELT = {
    kana: onset + ("ʲ" if vowel == "i" and onset in "kɡbpmɾ" and onset else "") + vowel
    for row, onset in _ROWS.items()
    for kana, vowel in zip(row, _VOWELS, strict=True)
} | _OWN
_SMALL = {"ャ": "a", "ュ": "ɯ", "ョ": "o", "ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o"}
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_KANA = re.compile("[\u30a1-\u30fc]+")
_LATIN = re.compile(r"[A-Za-z]+")


def phonemes(text: str, of_latin: Callable[[str], str]) -> str:
    """The phonemes of Japanese text, with its punctuation and a space between two words; `of_latin` gives those of a
    word in Latin letters."""
    said = [_word(token, of_latin) for token in _tokenizer().tokenize(in_kana(text))]
    return re.sub(r"\s+([,.!?;:])", r"\1", " ".join(" ".join(said).split()))


def _word(token: Any, of_latin: Callable[[str], str]) -> str:
    reading = token.phonetic if token.phonetic != "*" else token.surface
    kana = reading.translate(_HIRAGANA)
    if _LATIN.fullmatch(kana):
        return of_latin(kana)
    return of_kana(kana) if _KANA.fullmatch(kana) else kana


def of_kana(kana: str) -> str:
    """The phonemes of a word in katakana."""
    said: list[str] = []
    for character in kana:
        if character in _SMALL and said:
            before = said[-1][:-1]
            if not before:  # ウィ
                before = "β" if said[-1] == "ɯ" else ""
            elif character not in "ャュョ":  # ティ, ファ
                before = before.removesuffix("ʲ")
            elif before in ("t", "d", "n", "h"):
                before += "ʲ"
            said[-1] = before + _SMALL[character]
        elif character in _SPELT:
            said.append(_SPELT[character])
    return "".join(said)


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer()
