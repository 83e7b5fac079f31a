"""Calls in Chinese and Spanish end to end: an interruption, a timer, and a conversation in two languages."""

from __future__ import annotations

import re

import pytest

from audio.voices.phonemes import has_phonemes
from tests.browser.call_fixtures import OpenPage, Studio
from tests.browser.languages.speech import OPENING_S, Say
from tests.browser.person import Person

needs_espeak = pytest.mark.skipif(not has_phonemes("es"), reason="eSpeak NG is not installed")
# A request that needs the larger language model; the small one says at length what it can do.
CHINESE_STORY, SPANISH_STORY = "请给我讲一个笑话。", "Por favor, cuéntame un chiste."


def started(call_page: OpenPage, *says: object) -> Person:
    """A caller with a closed microphone, which says this once it is opened."""
    person = call_page(says=[OPENING_S, *says])
    person.page.click("#mute")
    person.start()
    return person


def test_a_timer_in_chinese(call_page: OpenPage, say: Say) -> None:
    person = started(call_page, say("设一个三秒钟的计时器，谢谢。", "zm_yunxi", "zh"))
    reply = person.reply(person.ask_aloud("计时"))
    assert reply["text"] == "好的，3秒的计时开始了。"
    person.wait_for_words("assistant", "时间到了")


@pytest.mark.parametrize(
    ("typed", "spoken", "speaker", "code", "understood", "answer"),
    [
        (CHINESE_STORY, "停一下，现在几点了？", "zm_yunxi", "zh", "几点", r"^现在是.*点"),
        pytest.param(
            *(SPANISH_STORY, "Espera un momento, ¿qué hora es?", "em_alex", "es", "hora", r"^(?:Es la|Son las) \d"),
            marks=needs_espeak,
        ),
    ],
    ids=["Chinese", "Spanish"],
)
def test_an_interruption(
    call_page: OpenPage, say: Say, typed: str, spoken: str, speaker: str, code: str, understood: str, answer: str
) -> None:
    person = started(call_page, say(spoken, speaker, code))
    person.type(typed)
    person.wait_until_spoken_to()
    number = person.ask_aloud(understood)
    assert person.captions("assistant")[0]["cut"], "the reply that was talked over"
    assert re.search(answer, person.reply(number)["text"])


def test_a_conversation_in_two_languages(call_page: OpenPage, studio: Studio, say: Say) -> None:
    """Chinese with an English word in it, then English, in one call."""
    person = started(call_page, say("帮我看看这个 receipt。", "zm_yunxi", "zh"))
    reply = person.reply(person.ask_aloud("帮我看看"))
    assert re.search("[\u3400-\u9fff]{4}", reply["text"])
    studio.put([OPENING_S, "What time is it?"])
    person.take_microphone(1)
    number = len(person.captions("user")) + 1
    person.wait_for_caption("user", number)
    assert person.reply(number)["text"].startswith("It's ")
