"""Calls in Chinese and Spanish end to end: a sign is read, in the language that is spoken.

Also tests `stream/languages/models.py` and `stream/languages/speakers.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from audio.voices.phonemes import has_phonemes
from tests.browser.call_fixtures import OpenPage
from tests.browser.languages.speech import OPENING_S, Say
from tests.browser.made_media import sign
from tests.browser.person import plain


def test_a_sign_is_read_in_chinese(call_page: OpenPage, say: Say) -> None:
    person = call_page(says=[OPENING_S, say("牌子上写着什么？", "zm_yunxi", "zh")], shows=sign("CITY", "LIBRARY"))
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("LIBRARY")
    reply = person.reply(person.ask_aloud("什么"))
    assert "CITY LIBRARY" in reply["text"] and "写着" in reply["text"]
    assert person.page.locator("#captions [data-role=assistant]").last.get_attribute("lang") == "zh-CN"
    assert np.abs(person.heard_out()).max() > 0.05


@pytest.mark.skipif(not has_phonemes("es"), reason="eSpeak NG is not installed")
def test_a_sign_is_read_in_spanish(call_page: OpenPage, say: Say) -> None:
    person = call_page(
        says=[OPENING_S, say("Buenos días, ¿qué dice el cartel que tengo aquí?", "em_alex", "es")],
        shows=sign("CITY", "LIBRARY"),
    )
    person.page.click("#mute")
    person.start()
    person.wait_until_seen("LIBRARY")
    reply = person.reply(person.ask_aloud("dice"))
    assert plain(reply["text"]) == "dice city library"
