"""Measures other languages: recognition, which language is found, exact and free answers, live translation, and the
delay of the voice.

Speech is Kokoro's, of speakers that the product does not use by default, so recognition and voice are judged together:
a share of the errors is the voice's. Recognition has texts of its own in benchmarks/language_set. Answers come from the
product's engine after recognition, with a scene given as facts. Delays are those of a call in real time in this
process, without a browser: from the end of the speech to the first sound that is audible.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.edges import sounding_span
from audio.resample import resample_whole
from audio.voices.kokoro import RATE_HZ, KokoroModel, KokoroVoice
from audio.voices.numbers import in_chinese_words
from benchmarks.calls.simulated_call import reply_text
from benchmarks.calls.spoken_call import SpokenCall
from benchmarks.report import benchmark_parser, report
from dialogue.blocks import Fact, ReplyBlock, SceneBlock, TextBlock
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.settings import LargerEmbeddedSettings
from dialogue.tools.toolbox import Toolbox
from stream.languages.models import KOKORO, SPEAKERS
from stream.languages.spoken_language import SpokenLanguage
from stream.models.parts import Parts, open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.replies.reminder_book import ReminderBook
from stream.runtime.link import Link
from stream.runtime.translating import TranslationSwitched
from ui.host.home import home

SETS = Path(__file__).with_name("language_set")
AFTERNOON = datetime(2025, 11, 30, 15, 5)
ENGLISH_QUESTIONS = (("What time is it?", "am_michael"), ("What day is it today?", "af_bella"))
RECOGNISED = (("zh", "zh_cer"), ("es", "es_wer"), ("fr", "fr_wer"), ("it", "it_wer"), ("pt", "pt_wer"))
PARTS = ("recognition", "questions", "delays", "translation")
DELAYS = 6  # questions of a kind in a call


class Speakers:
    """Speech of other speakers than the product's, as (n,) samples at 16 kHz that end with the voice."""

    def __init__(self, store: WeightStore) -> None:
        self._model = KokoroModel(store.path(KOKORO), store.path(SPEAKERS) / "voices")

    def say(self, text: str, speaker: str, code: str) -> Samples:
        sound = resample_whole(KokoroVoice(self._model, speaker, code).spoken(text).samples, RATE_HZ, HEARING_RATE_HZ)
        return sound[: sounding_span(sound, HEARING_RATE_HZ)[1]]

    def each(self, texts: list[str], speakers: list[str], code: str) -> Iterator[tuple[str, Samples]]:
        """The texts by the speakers in turn."""
        for number, text in enumerate(texts):
            yield text, self.say(text, speakers[number % len(speakers)], code)


def units(text: str, code: str) -> list[str]:
    """What errors are counted in: characters of Chinese, with figures as they are read, and words of others."""
    plain = re.sub(r"[^\w\s]", " ", text.lower())
    return list(re.sub(r"\s", "", in_chinese_words(plain))) if code == "zh" else plain.split()


def errors(said: list[str], heard: list[str]) -> int:
    """Insertions, deletions and substitutions."""
    row = list(range(len(heard) + 1))
    for place, unit in enumerate(said, 1):
        above, row[0] = row[0], place
        for column, other in enumerate(heard, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (unit != other))
    return row[-1]


def follower(parts: Parts) -> SpokenLanguage:
    """A new session's, which has heard English only."""
    assert parts.transcriber is not None, "the engine does not hear"
    return SpokenLanguage(parts.transcriber, parts.threads.asr, parts.languages, Link(lambda: 0.0, lambda _event: None))


async def recognition(parts: Parts, speakers: Speakers, code: str, table: dict[str, Any]) -> tuple[float, list[bool]]:
    """The share of errors, and for each sentence whether its language was found from its sound alone."""
    wrong = total = 0
    found = []
    for text, sound in speakers.each(table["sentences"], table["speakers"], code):
        language = follower(parts)
        heard = await language.hear(sound, 0.0)
        found.append(language.code == code)
        if not found[-1]:
            language.choose(code)
            heard = await language.hear(sound, 1.0)
        wrong += errors(units(text, code), units(heard.text, code))
        total += len(units(text, code))
        print(f"{code} {'found' if found[-1] else 'MISSED'}: {text} -> {heard.text}", flush=True)
    return wrong / total, found


async def questions(parts: Parts, speakers: Speakers, code: str, table: dict[str, Any]) -> int:
    """How many of the questions are answered right, after recognition in this language."""
    language = follower(parts)
    language.choose(code)
    engine = parts.new_engine()
    assert isinstance(engine, LocalChatEngine), "the embedded engine is measured"
    engine._clock = lambda: AFTERNOON
    engine.equip(Toolbox(reminders=ReminderBook(lambda: 0.0)))
    facts = (
        Fact("object", "person", 1, "centre", at=1.0),
        Fact("object", "cup", 1, "left", colour="blue", at=1.0),
        Fact("object", "bottle", 2, "right", colour="green", at=1.0),
        Fact("text", "", text=table["sign"], at=1.0),
    )
    await engine.feed(SceneBlock(facts, "", 1.0))
    right = 0
    asked = dict(table["questions"])
    for number, (text, sound) in enumerate(speakers.each(list(asked), table["speakers"], code), 1):
        heard = await language.hear(sound, float(number))
        await engine.feed(TextBlock(heard.text or "?", float(number), number + 0.5, language=heard.language))
        said = await reply_text(engine)
        await engine.feed(ReplyBlock(said, number + 0.5, number + 0.9))
        good = re.search(asked[text], said) is not None
        right += good
        print(f"{code} {'right' if good else 'WRONG'}: {text} [{heard.text}] -> {said}", flush=True)
    await engine.close()
    return right


async def delays(parts: Parts, sounds: list[Samples], language: str) -> float:
    """The median delay of the answers in one call, in ms."""
    setup = replace(SETUPS["laptop"], language=language)
    answers = await SpokenCall(parts, setup).run(sounds)
    print(*(f"{answer.delay_s}: {answer.heard} -> {answer.said}" for answer in answers), sep="\n", flush=True)
    return 1000 * statistics.median(answer.delay_s for answer in answers if answer.delay_s is not None)


async def translation(parts: Parts, speakers: Speakers, said: list[list[str]]) -> dict[str, float]:
    """Two people at one table: the delay from the end of a sentence to the first sound of its translation."""
    sounds = [speakers.say(text, speaker, code) for code, speaker, text, _ in said]
    call = SpokenCall(parts, replace(SETUPS["laptop"], language="auto"))
    answers = await call.run(sounds, [TranslationSwitched("table", "en")])
    right = 0
    for (code, _, text, pattern), answer in zip(said, answers, strict=True):
        good = re.search(pattern, answer.said) is not None
        right += good
        print(f"{code} {'right' if good else 'WRONG'} {answer.delay_s}: {text} [{answer.heard}] -> {answer.said}")
    delays_s = [answer.delay_s for answer in answers if answer.delay_s is not None]
    return {
        "translated": len(said),
        "translated_right": right,
        "translation_ms_median": 1000 * statistics.median(delays_s),
        "translation_ms_most": 1000 * max(delays_s),
    }


async def measure(store: WeightStore, only: str) -> dict[str, float]:
    tables = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SETS.glob("*.toml"))}
    setup = replace(SETUPS["laptop"], engine=LargerEmbeddedSettings(), chooses_llm=False)
    parts = await open_parts(setup, store)
    assert parts.languages is not None
    await parts.languages.opened()
    speakers, figures = Speakers(store), dict[str, float]()
    try:
        if only in ("", "recognition"):
            found: list[bool] = []
            for code, key in RECOGNISED:
                figures[key], of_it = await recognition(parts, speakers, code, tables[code])
                found += of_it
            figures["detected"] = sum(found) / len(found)
        if only in ("", "questions"):
            figures["asked"] = len(tables["zh"]["questions"])
            for code in ("zh", "es"):
                figures[f"{code}_right"] = await questions(parts, speakers, code, tables[code])
        if only in ("", "delays"):
            zh = tables["zh"]
            for key, text in (("zh_v2v_ms_median", zh["clock"]), ("zh_v2v_model_ms_median", zh["talk"])):
                sounds = [speakers.say(text, speaker, "zh") for speaker in (zh["speakers"] * 2)[:DELAYS]]
                figures[key] = await delays(parts, sounds, "auto")
            english = [speakers.say(text, speaker, "en") for text, speaker in ENGLISH_QUESTIONS * (DELAYS // 2)]
            figures["en_v2v_ms_median"] = await delays(parts, english, "auto")
        if only in ("", "translation"):
            figures |= await translation(parts, speakers, tables["table_talk"]["said"])
    finally:
        parts.close()
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--only", choices=PARTS, default="", help="one part")
    options = parser.parse_args()
    store = WeightStore(home())
    store.pull(["whisper-base", KOKORO, SPEAKERS, "qwen2.5-coder-1.5b-instruct", *store.default_names()])
    report(asyncio.run(measure(store, options.only)), options.json)


if __name__ == "__main__":
    main()
