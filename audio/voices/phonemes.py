"""Turns text into the phonemes of Kokoro: Chinese by pypinyin and misaki, Japanese by Janome, English by hibari, the
others by eSpeak NG.

eSpeak NG is a program of its own that the user may install; it is started for each clause, and nothing of it is linked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

import hibari
from hibari.g2p.normalize import normalize

from audio.voices.numbers import in_chinese_words

# The names that eSpeak NG has for our languages.
ESPEAK_VOICES = {"es": "es", "fr": "fr-fr", "it": "it", "pt": "pt-br", "hi": "hi"}
ESPEAK_WITHIN_S = 5.0

_HAN = re.compile("[\u3400-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 .,'’&+-]*[A-Za-z0-9])?")
_MARKS = str.maketrans(
    {"，": ",", "、": ",", "。": ".", "！": "!", "？": "?", "；": ";", "：": ":", "（": "(", "）": ")"}
)
_MARKS |= str.maketrans({"「": "“", "」": "”", "《": "“", "》": "”", "«": "“", "»": "”", "¿": "", "¡": ""})
_PUNCTUATION = ",.!?;:()“”…—"
# One symbol of Kokoro for what eSpeak NG writes as two with a tie.
_TIED = {"a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S"}
_TIED |= {"t^s": "ʦ", "t^ʃ": "ʧ", "ɔ^ɪ": "Y"}
_CLAUSE = re.compile(rf"[^{re.escape(_PUNCTUATION)}]+|[{re.escape(_PUNCTUATION)}]+")


def has_phonemes(language: str) -> bool:
    """Whether what turns text of this language into phonemes is installed: eSpeak NG, or the dictionary of Janome."""
    if language == "ja":
        return find_spec("janome") is not None
    return language not in ESPEAK_VOICES or shutil.which("espeak-ng") is not None


def phonemes(text: str, language: str) -> str:
    """The phonemes of `text`, with its punctuation. Raises OSError where eSpeak NG is needed and missing."""
    if language == "zh":
        return _chinese(text)
    if language == "ja":
        from audio.voices import japanese  # its dictionary is for this language alone

        return japanese.phonemes(text.translate(_MARKS), _english)
    if language == "en":
        return _english(text.translate(_MARKS))
    return _by_espeak(text.translate(_MARKS), ESPEAK_VOICES[language])


def _chinese(text: str) -> str:
    from audio.voices import pinyin  # its tables take 55 MB, for this language alone

    said, at = [], 0
    text = in_chinese_words(text)
    for found in re.finditer(rf"{_HAN.pattern}|{_LATIN.pattern}", text):
        said.append(text[at : found.start()].translate(_MARKS))
        words = found.group()
        said.append(pinyin.phonemes(words) if _HAN.match(words) else f" {_english(words)} ")
        at = found.end()
    said.append(text[at:].translate(_MARKS))
    spaced = re.sub(r"([,.!?;:])(?=[^\s,.!?;:])", r"\1 ", "".join(said))
    return re.sub(r"\s+", " ", spaced).strip()


def _english(text: str) -> str:
    g2p = _lexicon()
    spoken = "".join(
        (token.phonemes or "") + (" " if token.whitespace else "")
        for token in g2p.phonemize_tokens(g2p.tokenize(normalize(text)))
    )
    return spoken.strip()


@cache
def _lexicon() -> Any:
    return hibari.Hibari(threads=1).g2p


def _by_espeak(text: str, voice: str) -> str:
    """Clause by clause, because eSpeak NG leaves punctuation out."""
    said = []
    for part in _CLAUSE.findall(" ".join(text.split())):
        said.append(_espeak_clause(part, voice) if any(letter.isalnum() for letter in part) else part)
    return re.sub(r" +([,.!?;:…])", r"\1", " ".join(said)).strip()


@lru_cache(maxsize=512)
def _espeak_clause(clause: str, voice: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", voice, "--stdin"]
    done = subprocess.run(command, input=clause, capture_output=True, text=True, timeout=ESPEAK_WITHIN_S, check=True)
    said = re.sub(r"\([a-z-]+\)", "", " ".join(done.stdout.split()))
    said = re.sub(r"\([^)]*\)", "", said.replace("(^e^n^)", "").replace("(^h^i^)", ""))
    for tied, one in _TIED.items():
        said = said.replace(tied, one)
    return said.replace("^", "").replace("-", "")
