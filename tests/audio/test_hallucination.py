"""Hallucinated and looping transcripts, with probabilities that tiny.en really returned."""

from __future__ import annotations

import pytest

from audio.hallucination import is_hallucination, is_looping, without_loops


@pytest.mark.parametrize(
    ("text", "no_speech", "mean_log"),
    [("you", 0.90, -0.86), ("You", 0.61, -2.47), ("Thank you.", 0.9, -0.9), ("...", 0.1, -0.1), ("mm hm", 0.9, -1.2)],
)
def test_text_of_noise_is_a_hallucination(text: str, no_speech: float, mean_log: float) -> None:
    assert is_hallucination(text, no_speech, mean_log)


@pytest.mark.parametrize(
    ("text", "no_speech", "mean_log"),
    [("Thank you.", 0.63, -0.44), ("Yes.", 0.74, -0.94), ("No.", 0.72, -1.23), ("What is this?", 0.85, -0.4)],
)
def test_text_of_unclear_speech_is_kept(text: str, no_speech: float, mean_log: float) -> None:
    assert not is_hallucination(text, no_speech, mean_log)


def test_loops_are_detected_and_cut() -> None:
    loop = "I don't know. " * 12
    assert is_looping(loop, 10)
    assert without_loops(loop).strip() == "I don't know."
    assert without_loops("Left. Left. Left. Left.") == "Left."
    assert not is_looping("No, no, I said the left one, the left one by the door.", 4)


def test_thirty_words_a_second_are_a_loop() -> None:
    assert is_looping(" ".join(f"word{n}" for n in range(30)), 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "字幕志愿者 李宗盛",
        "请不吝点赞 订阅 转发",
        "¡Suscríbete! Subtítulos por la comunidad de Amara.org",
        "ご視聴ありがとうございました",
    ],
)
def test_credits_of_films_are_never_speech(text: str) -> None:
    assert is_hallucination(text, no_speech=0.1, mean_log_probability=-0.2)


def test_chinese_has_a_rate_of_characters() -> None:
    assert is_looping("这三个人都可以但我只能够把他打开然后再关上", 1.0)
    assert not is_looping("昨天我和朋友一起去公园散步", 2.5)


def test_loops_without_spaces_are_cut() -> None:
    assert without_loops("我只能够把他打开我只能够把他打开我只能够把他打开") == "我只能够把他打开"
