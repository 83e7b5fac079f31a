"""The Kokoro voice, judged by another model: what Whisper hears of it.

Also tests `japanese.py`, `japanese_numbers.py`, `phonemes.py` and `pinyin.py`.
"""

from __future__ import annotations

import shutil

import pytest

from audio.chunk import HEARING_RATE_HZ
from audio.resample import resample_whole
from audio.transcribe import Transcriber
from audio.voices.japanese import of_kana
from audio.voices.japanese_numbers import in_kana
from audio.voices.kokoro import KokoroModel, KokoroVoice, in_calls
from audio.voices.phonemes import has_phonemes, phonemes
from stream.models.weights import WeightStore


@pytest.fixture(scope="module")
def kokoro(language_weights: WeightStore) -> KokoroModel:
    return KokoroModel(
        language_weights.path("kokoro-82m"), language_weights.path("kokoro-voices") / "voices", threads=1
    )


@pytest.fixture(scope="module")
def recogniser(language_weights: WeightStore) -> Transcriber:
    return Transcriber(language_weights.path("whisper-base"), threads=1)


def test_chinese_is_understood_and_found_to_be_chinese(kokoro: KokoroModel, recogniser: Transcriber) -> None:
    spoken = KokoroVoice(kokoro, "zf_xiaobei", "zh").spoken("昨天我和朋友一起去公园散步。")
    sound = resample_whole(spoken.samples, KokoroVoice.rate, HEARING_RATE_HZ)
    odds = recogniser.language_odds(sound)
    assert max(odds, key=lambda language: odds[language]) == "zh"
    heard = recogniser.transcribe(sound, language="zh")
    assert "去公园散步" in heard.text, heard
    assert heard.language == "zh"


def test_each_character_has_its_time(kokoro: KokoroModel) -> None:
    spoken = KokoroVoice(kokoro, "zf_xiaoxiao", "zh").spoken("好的，OK。")
    assert [word.word for word in spoken.words] == ["好", "的，", "OK。"]
    assert spoken.words[-1].end_s == pytest.approx(len(spoken.samples) / KokoroVoice.rate)
    assert spoken.heard(spoken.words[1].end_s) == "好的，"


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="Spanish phonemes come from eSpeak NG")
def test_spanish_is_understood(kokoro: KokoroModel, recogniser: Transcriber) -> None:
    spoken = KokoroVoice(kokoro, "em_alex", "es").spoken("¿Cuál es la capital de España?")
    sound = resample_whole(spoken.samples, KokoroVoice.rate, HEARING_RATE_HZ)
    assert "capital de España" in recogniser.transcribe(sound, language="es").text


def test_japanese_and_hindi_are_understood(kokoro: KokoroModel, recogniser: Transcriber) -> None:
    spoken = KokoroVoice(kokoro, "jf_alpha", "ja").spoken("今日はとてもいい天気です。")
    sound = resample_whole(spoken.samples, KokoroVoice.rate, HEARING_RATE_HZ)
    assert "いい天気" in recogniser.transcribe(sound, language="ja").text
    if has_phonemes("hi"):
        assert len(KokoroVoice(kokoro, "hf_alpha", "hi").spoken("नमस्ते।").samples) > 6000


def test_japanese_figures_are_read_as_they_are_said() -> None:
    said = {
        "3時5分": "サンジゴフン",
        "4時10分": "ヨジジュップン",
        "2匹": "ニヒキ",
        "3本": "サンボン",
        "305": "サンビャクゴ",
    }
    said |= {
        "12000": "イチマンニセン",
        "2人": "フタリ",
        "9月20日": "クガツハツカ",
        "1.5": "イチテンゴ",
        "10:00": "ジュウジ",
    }
    assert {figures: in_kana(figures) for figures in said} == said


def test_japanese_kana_have_their_sounds() -> None:
    assert of_kana("キョウ") == "kʲoɯ" and of_kana("シャシン") == "ɕaɕiɴ"
    assert of_kana("ティー") == "tiː" and of_kana("ファン") == "ɸaɴ" and of_kana("ウィ") == "βi"
    assert phonemes("私はOmniです。", "ja").endswith("desɨ.")


def test_a_phrase_without_words_is_silent(kokoro: KokoroModel) -> None:
    assert not len(KokoroVoice(kokoro, "zf_xiaoxiao", "zh").spoken("……").samples)


def test_phonemes_of_mixed_sentences_keep_both_languages() -> None:
    mixed = phonemes("这个receipt是¥5。", "zh")
    assert phonemes("receipt", "en") in mixed
    assert phonemes("五元", "zh").replace(" ", "") in mixed.replace(" ", "")
    assert mixed.endswith(".")


def test_long_speech_is_cut_after_punctuation() -> None:
    parts = in_calls("abcd, " * 200)
    assert "".join(parts) == "abcd, " * 200
    assert all(part.endswith(", ") and len(part) <= 400 for part in parts)
