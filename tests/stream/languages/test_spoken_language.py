"""Which language is found, kept and spoken, with toy models on the real thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, cast

import numpy as np
import pytest

from audio.chunk import Samples
from audio.models import VoiceModel
from audio.transcribe import Transcript
from stream.languages.models import LanguageModels
from stream.languages.spoken_language import SpokenLanguage, likeliest
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Expressed, Notice
from stream.runtime.link import Link

VOICES = {code: cast(VoiceModel, object()) for code in ("en", "zh", "es")}
SECOND = np.ones(16_000, np.float32)


class ToyRecogniser:
    """A recogniser that is surest of one language."""

    def __init__(self, speaks: str) -> None:
        self.speaks, self.asked = speaks, 0

    def warm_up(self) -> None: ...

    def transcribe(self, samples_16k: Samples, *, careful: bool = False, language: str = "en") -> Transcript:
        self.asked += 1
        return Transcript("words", 0.1, 0.9 if language == self.speaks else 0.3, language)

    def language_odds(self, samples_16k: Samples) -> dict[str, float]:
        return {self.speaks: 0.6, "en": 0.2, "ar": 0.9}


class Models:
    """Models that are there, or not yet."""

    def __init__(self, recogniser: ToyRecogniser | None = None) -> None:
        self.recogniser, self.wanted = recogniser, 0

    def listen(self, listener: object) -> None: ...

    def want(self) -> None:
        self.wanted += 1

    async def hearing(self) -> ToyRecogniser | None:
        self.want()
        return self.recogniser

    async def speaking(self, code: str) -> VoiceModel | None:
        return VOICES[code] if self.recogniser is not None else None


@pytest.fixture
def thread() -> Iterator[DeviceThread]:
    with DeviceThread("asr") as thread:
        yield thread


Make = Callable[..., SpokenLanguage]


@pytest.fixture
def events() -> list[Expressed]:
    return []


@pytest.fixture
def make(thread: DeviceThread, events: list[Expressed]) -> Make:
    def made(english: ToyRecogniser, models: Models | None, fixed: str = "auto") -> SpokenLanguage:
        link = Link(now=lambda: 0.0, emit=events.append)
        return SpokenLanguage(english, thread, cast(LanguageModels, models), link, fixed)

    return made


def run(work: Coroutine[Any, Any, Transcript]) -> Transcript:
    return asyncio.run(work)


def test_clear_english_needs_no_other_model(make: Make) -> None:
    other = ToyRecogniser("zh")
    language = make(ToyRecogniser("en"), Models(other))
    assert run(language.hear(SECOND, 0.0)).language == "en"
    assert (language.code, other.asked) == ("en", 0)


def test_a_short_doubtful_sound_asks_no_other_model(make: Make) -> None:
    models = Models(ToyRecogniser("zh"))
    language = make(ToyRecogniser("zh"), models)  # unsure, as of an "mm-hm" or a cough
    assert run(language.hear(SECOND[:11_000], 0.0)).language == "en"
    assert (language.code, models.wanted) == ("en", 0)


def test_another_language_is_found_and_followed(make: Make) -> None:
    english, other = ToyRecogniser("zh"), ToyRecogniser("zh")  # the English one is unsure of Chinese words
    language = make(english, Models(other))
    assert run(language.hear(SECOND, 0.0)).language == "zh"
    assert language.code == "zh"
    asked = english.asked
    assert run(language.hear(SECOND, 5.0)).language == "zh"
    assert english.asked == asked, "the English recogniser no longer runs"


def test_english_is_found_again(make: Make) -> None:
    language = make(ToyRecogniser("en"), Models(ToyRecogniser("en")))
    language.choose("zh")
    language.choose("auto")
    assert language.code == "zh"
    assert run(language.hear(SECOND, 0.0)).language == "en"
    assert language.code == "en"


def test_a_chosen_language_stays(make: Make) -> None:
    language = make(ToyRecogniser("en"), Models(ToyRecogniser("es")), "zh")
    assert run(language.hear(SECOND, 0.0)).language == "zh"
    assert make(ToyRecogniser("zh"), Models(ToyRecogniser("zh")), "en").code == "en"


def test_missing_models_are_wanted_once_english_is_doubtful(make: Make) -> None:
    models = Models()
    language = make(ToyRecogniser("zh"), models)
    assert run(language.hear(SECOND, 0.0)).language == "en"
    assert models.wanted


def test_typed_words_are_followed(make: Make) -> None:
    language = make(ToyRecogniser("en"), models := Models(ToyRecogniser("zh")))
    language.typed("现在几点了？")
    assert (language.code, models.wanted > 0) == ("zh", True)
    language.typed("OK")
    assert language.code == "zh"
    language.typed("What is the time?")
    assert language.code == "en"


def test_each_phrase_has_the_voice_of_its_language(make: Make) -> None:
    language = make(ToyRecogniser("en"), Models(ToyRecogniser("zh")))
    assert asyncio.run(language.voice_of("It is late.", VOICES["en"])) is VOICES["en"]
    assert asyncio.run(language.voice_of("现在是三点。", VOICES["en"])) is VOICES["zh"]
    language.choose("es")
    assert asyncio.run(language.voice_of("Son las 3.", VOICES["en"])) is VOICES["es"]
    assert asyncio.run(language.voice_of("It is what it is.", VOICES["en"])) is VOICES["en"]


def test_a_missing_voice_is_shown_once(make: Make, events: list[Expressed]) -> None:
    language = make(ToyRecogniser("en"), Models())
    assert asyncio.run(language.voice_of("你好。", None)) is None
    assert asyncio.run(language.voice_of("再见。", None)) is None
    assert [event.code for event in events if isinstance(event, Notice)] == ["no_voice"]


def test_weak_evidence_changes_nothing() -> None:
    assert likeliest({"zh": 0.3, "en": 0.25}, "en", 1.0, 2.0) == "en"
    assert likeliest({"zh": 0.5, "en": 0.25}, "en", 1.0, 2.0) == "zh"
    assert likeliest({"zh": 0.5, "en": 0.25}, "en", 1.0, 0.6) == "en", "too short"
    assert likeliest({"zh": 0.3, "en": 0.3}, "en", 0.3, 0.6) == "zh", "the English recogniser doubts its words"
    assert likeliest({"ar": 0.9}, "es", 1.0, 2.0) in ("en", "es"), "a language that we do not speak"
