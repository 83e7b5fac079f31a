"""Turns Chinese words into the phonemes of Kokoro, by pypinyin and misaki. Importing it loads their tables."""

from __future__ import annotations

from functools import lru_cache

from misaki.transcription import pinyin_to_ipa
from pypinyin import Style, lazy_pinyin
from pypinyin.seg.mmseg import seg

_TONES = str.maketrans("", "", "\u032f\u0329")
_RETONED = (("˧˩˧", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"), ("ɻ\u0329", "ɨ"), ("ɹ\u0329", "ɨ"))


def phonemes(characters: str) -> str:
    """The phonemes of Chinese characters, with a space between two words."""
    return " ".join(map(_word, seg.cut(characters)))


@lru_cache(maxsize=4096)
def _word(word: str) -> str:
    """The phonemes of a Chinese word, with its tones as arrows."""
    said = ""
    for pinyin in lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True):
        try:
            syllable = "".join(pinyin_to_ipa(pinyin)[0])
        except (ValueError, KeyError):  # a character that has no reading
            continue
        for tone, arrow in _RETONED:
            syllable = syllable.replace(tone, arrow)
        said += syllable.translate(_TONES)
    return said
