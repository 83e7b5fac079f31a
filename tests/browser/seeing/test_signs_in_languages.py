"""Calls in Chinese and Spanish end to end: a sign is read, in the language that is spoken.

Also tests `stream/languages/models.py` and `stream/languages/speakers.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio.resample import resample_whole
from audio.voices.kokoro import RATE_HZ as KOKORO_HZ
from audio.voices.kokoro import KokoroModel, KokoroVoice
from audio.voices.phonemes import has_phonemes
from stream.languages.models import KOKORO, SPEAKERS, WHISPER
from stream.models.fetching.fetch_errors import WeightsError
from stream.models.weights import WeightStore
from tests.browser.call_fixtures import OpenPage
from tests.browser.made_media import RATE_HZ, Pcm, sign
from tests.browser.person import plain

OPENING_S = 2.0  # from the opening of a microphone to the first word: the browser adapts to the room

Say = Callable[[str, str, str], Pcm]


@pytest.fixture(scope="module")
def say(weights: WeightStore) -> Say:
    """Speech by a voice that the product does not use by default: (text, speaker, language)."""
    try:
        _, model, speakers = (weights.path(name) for name in (WHISPER, KOKORO, SPEAKERS))
    except WeightsError:
        pytest.skip("the models of other languages are not here: omnilive models pull " + " ".join((WHISPER, KOKORO)))
    kokoro = KokoroModel(model, speakers / "voices")

    def spoken(text: str, speaker: str, language: str) -> Pcm:
        samples = KokoroVoice(kokoro, speaker, language).spoken(text).samples
        return (resample_whole(samples, KOKORO_HZ, RATE_HZ) * 32767 * 0.8).astype(np.int16)

    return spoken


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
