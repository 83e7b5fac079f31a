"""Which language is found, kept and spoken, with toy models on the real thread.

Also tests `audio/models.py` and `stream/runtime/spoken.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, cast

import numpy as np
import pytest

from audio.chunk import Samples
from audio.models import VoiceModel
from audio.transcribe import Transcript
from dialogue.blocks import TranscriptBlock
from dialogue.engine import Engine
from stream.languages.models import LanguageModels
from stream.languages.spoken_language import SpokenLanguage
from stream.perception.caption_transcriber import CaptionTranscriber, Utterance
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Expressed, Notice, UserCaption
from stream.runtime.link import Link
from stream.runtime.spoken import LanguageChanged

VOICES = {code: cast(VoiceModel, object()) for code in ("en", "zh", "es")}
SECOND = np.ones(16_000, np.float32)
Steps = Generator[None, None, Transcript]


class ToyRecogniser:
    """A recogniser that is surest of one language."""

    def __init__(self, speaks: str) -> None:
        self.speaks, self.asked, self.confidence, self.judged = speaks, 0, 0.3, 0

    def warm_up(self) -> None: ...

    def transcribe(self, samples_16k: Samples, *, careful: bool = False, language: str = "en") -> Transcript:
        self.asked += 1
        return Transcript("words", 0.1, 0.9 if language == self.speaks else self.confidence, language)

    def transcribing(self, samples_16k: Samples, *, quickly: bool = False, language: str = "en") -> Steps:
        yield
        return self.transcribe(samples_16k, language=language)

    def language_odds(self, samples_16k: Samples) -> dict[str, float]:
        self.judged += 1
        return {self.speaks: 0.6, "en": 0.2, "ar": 0.9}


class Models:
    """Models that are there, or not yet."""

    def __init__(self, recogniser: ToyRecogniser | None = None) -> None:
        self.are_here, self.recogniser, self.wanted = recogniser is not None, recogniser, 0
        self.speakers: list[str] = []

    def listen(self, listener: object) -> None: ...

    def want(self) -> None:
        self.wanted += 1

    want_hearing = want

    async def hearing(self) -> ToyRecogniser | None:
        self.want()
        return self.recogniser

    async def speaking(self, code: str, speaker: str = "") -> VoiceModel | None:
        if speaker:
            self.speakers.append(speaker)
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


def clear_sentence() -> Samples:
    """Two seconds that stand out from the second before them."""
    noise = np.random.default_rng(0).standard_normal(48_000).astype(np.float32) * 0.1
    return np.concatenate([noise[:16_000] * 0.01, noise[:32_000]])


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


class Opening(Models):
    """Models that are here, and opened once `may_open` is set."""

    def __init__(self, opened: ToyRecogniser) -> None:
        super().__init__()
        self.are_here, self._opened, self.may_open = True, opened, asyncio.Event()

    async def hearing(self) -> ToyRecogniser | None:
        await self.may_open.wait()
        self.recogniser = self._opened
        return self.recogniser


def test_doubtful_english_does_not_wait_for_models_that_open(make: Make) -> None:
    english, models = ToyRecogniser("zh"), Opening(ToyRecogniser("en"))
    english.confidence = 0.55
    heard = asyncio.run(asyncio.wait_for(make(english, models).hear(clear_sentence(), 0.0), 2.0))
    assert (heard.language, models.wanted > 0) == ("en", True)


@pytest.mark.parametrize("seconds", [3.0, 1.9], ids=["a sentence", "a word"])
def test_foreign_words_wait_for_models_that_open(make: Make, seconds: float) -> None:
    models = Opening(ToyRecogniser("zh"))
    language = make(ToyRecogniser("zh"), models)

    async def sentence() -> Transcript:
        hearing = asyncio.create_task(language.hear(clear_sentence()[: round(seconds * 16_000)], 0.0))
        await asyncio.sleep(0.02)
        assert not hearing.done()
        models.may_open.set()
        return await hearing

    assert run(sentence()).language == "zh"


def test_the_language_of_a_turn_is_judged_once(make: Make) -> None:
    english, other = ToyRecogniser("zh"), ToyRecogniser("en")  # doubtful words that are English
    language = make(english, Models(other))
    for partial in (True, True, False):
        assert run(language.hear(SECOND, 3.0, partial)).language == "en"
    assert other.judged == 1
    for _ in range(2):
        run(language.hear(clear_sentence(), 3.0))
    assert other.judged == 2, "words that are hardly English are judged again, with more of them, once"
    run(language.hear(SECOND, 9.0))
    assert other.judged == 3


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


def test_models_are_fetched_for_a_clear_foreign_sentence_alone(make: Make, events: list[Expressed]) -> None:
    models = Models()
    language = make(ToyRecogniser("zh"), models)  # heard as English with a confidence of 0.3
    noise = np.random.default_rng(0).standard_normal(48_000).astype(np.float32) * 0.1
    run(language.hear(SECOND, 0.0))  # too short
    run(language.hear(noise, 2.0))  # nothing stands out: the room may be loud
    run(language.hear(clear_sentence(), 4.0, partial=True))  # not finished
    assert (models.wanted, events) == (0, [])
    assert run(language.hear(clear_sentence(), 6.0)).language == "en"
    assert models.wanted == 1


def test_a_doubtful_sentence_fetches_nothing_and_shows_the_choice(make: Make, events: list[Expressed]) -> None:
    models, english = Models(), ToyRecogniser("zh")
    english.confidence = 0.55
    language = make(english, models)
    for start in (0.0, 4.0):
        run(language.hear(clear_sentence(), start))
    assert models.wanted == 0
    assert [event.code for event in events if isinstance(event, Notice)] == ["language_unsure"]


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


def test_a_chosen_voice_speaks_its_language_alone(make: Make) -> None:
    language = make(ToyRecogniser("en"), models := Models(ToyRecogniser("zh")))
    language.speak_as("zm_yunxi")
    asyncio.run(language.voice_of("现在是三点。", VOICES["en"]))
    assert asyncio.run(language.voice_of("It is late.", VOICES["en"])) is VOICES["en"]
    assert models.speakers == ["zm_yunxi"]
    language.speak_as("af_heart")
    asyncio.run(language.voice_of("It is late.", VOICES["en"]))
    assert models.speakers == ["zm_yunxi", "af_heart"]


def test_a_change_of_language_is_shown(make: Make, events: list[Expressed]) -> None:
    language = make(ToyRecogniser("en"), Models(ToyRecogniser("zh")))
    language.typed("现在几点了？")
    language.choose("es")
    assert events == [LanguageChanged("zh", fixed=False), LanguageChanged("es", fixed=True)]


def test_without_other_models_the_call_stays_english(make: Make, events: list[Expressed]) -> None:
    language = make(ToyRecogniser("en"), None, "en")
    language.choose("zh")
    assert (language.code, language.fixed) == ("en", "en")


def test_captions_of_an_engine_that_hears_are_in_the_language(make: Make, events: list[Expressed]) -> None:
    language = make(ToyRecogniser("zh"), Models(ToyRecogniser("zh")))
    fed: list[TranscriptBlock] = []

    async def whole() -> None:
        came = asyncio.Event()

        class Listens:
            async def feed(self, block: TranscriptBlock) -> None:
                fed.append(block)
                came.set()

        captions = CaptionTranscriber(language.hear, cast(Engine, Listens()), Link(lambda: 0.0, events.append))
        captions.write(Utterance(1, SECOND, 0.0, 1.0))
        working = asyncio.create_task(captions.run())
        await came.wait()
        working.cancel()

    asyncio.run(whole())
    assert [block.text for block in fed] == ["words"] and language.code == "zh"
    assert UserCaption(1, "words", final=True) in events


def test_the_words_tell_between_two_languages_that_are_nearly_as_likely(make: Make) -> None:
    class Unsure(ToyRecogniser):
        def language_odds(self, samples_16k: Samples) -> dict[str, float]:
            return {"it": 0.5, "es": 0.4}

    language = make(ToyRecogniser("es"), Models(Unsure("es")))
    assert run(language.hear(SECOND, 0.0)).language == "es"
    assert language.code == "es"
