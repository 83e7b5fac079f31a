"""How fast each stage of an answer is on this machine, measured with what a call would give it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import TypeVar

import cv2
import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.resample import resample_whole
from dialogue.blocks import TextBlock
from dialogue.engine import TextDelta, UnitModel
from stream.models.parts import Parts, open_parts
from stream.models.setup import Setup
from stream.models.weights import WeightStore
from ui.checks.finding import Finding
from vision.look import SceneUpdate
from vision.picture import Picture

T = TypeVar("T")

TRIES = 3  # the quickest counts: everything slower is other programs
QUESTION = "Please tell me what you know about the sea."
# Different ones, since a voice remembers what it has said.
PHRASES = (
    "There are two people and a dog in the room.",
    "There is one person with a book on the left.",
    "There are some cups and a plate on the table.",
)
SIGN = "PLATFORM 9"
FEWEST_DELTAS_PER_S = 6.0  # a speaking voice needs about four words a second

MEASURED = "a mind that does not hear has our ears and our voice beside it"
LATE_ADVICE = "close other programs, or let another machine think: --setup remote"


async def check_speed(setup: Setup, store: WeightStore) -> list[Finding]:
    """Loads the models, runs every stage a few times, and adds up what a spoken answer takes. Raises as open_parts."""
    began = time.perf_counter()
    parts = await open_parts(setup, store)
    loading_s = time.perf_counter() - began
    try:
        measured = await _units(parts) if isinstance(parts.new_engine, UnitModel) else await _stages(setup, parts)
    finally:
        parts.close()
    loading = Finding("loading", "ok", f"models are ready after {loading_s:.1f} s", figures={"loading_s": loading_s})
    return [loading, *measured]


async def _stages(setup: Setup, parts: Parts) -> list[Finding]:
    """Of a mind that has our ears and our voice beside it."""
    voice, sound, voice_s = _voice(parts)
    asr, asr_s = _asr(parts, sound)
    llm, llm_s = await _llm(parts)
    vision_models = [_vision_models(parts)] if parts.vision_models is not None else []
    return [asr, *vision_models, llm, voice, _answer(setup, asr_s, llm_s, voice_s)]


async def _units(parts: Parts) -> list[Finding]:
    """Of a model that hears itself: how many calls it keeps up with, where it can tell."""
    await parts.measure()
    capacity = parts.capacity
    if capacity is None:
        return [Finding("units", "ok", "the model hears and answers by itself; its speed is told by its turns")]
    return [Finding("units", "ok", f"room for {capacity.about}", figures={"sessions": float(capacity.sessions)})]


def _voice(parts: Parts) -> tuple[Finding, Samples, float]:
    assert parts.voice is not None, MEASURED
    took, spoken = min((_timed(partial(parts.voice.spoken, phrase)) for phrase in PHRASES), key=_seconds)
    lasts = len(spoken.samples) / parts.voice.rate
    told = f"a sentence of {lasts:.1f} s is spoken after {_ms(took)}, {lasts / took:.0f} times as fast as it sounds"
    sound = resample_whole(spoken.samples, parts.voice.rate, HEARING_RATE_HZ)
    return Finding("tts", "ok", told, figures={"voice_ms": took * 1000}), sound, took


def _asr(parts: Parts, sound: Samples) -> tuple[Finding, float]:
    transcriber = parts.transcriber
    assert transcriber is not None, MEASURED
    took, transcript = _quickest(lambda: transcriber.transcribe(sound))
    told = f"{len(sound) / HEARING_RATE_HZ:.1f} s of speech are understood after {_ms(took)}: “{transcript.text}”"
    return Finding("asr", "ok", told, figures={"transcript_ms": took * 1000}), took


def _vision_models(parts: Parts) -> Finding:
    vision_models = parts.vision_models
    assert vision_models is not None, MEASURED
    picture = Picture(_sign(), 0.0)
    glance, _ = _quickest(lambda: vision_models.glance(SceneUpdate(), picture))
    read, _ = _quickest(lambda: vision_models.read(SceneUpdate(), picture))
    told = f"objects are found after {_ms(glance)}, text is read after {_ms(read)}"
    return Finding("vision", "ok", told, figures={"glance_ms": glance * 1000, "read_ms": read * 1000})


async def _llm(parts: Parts) -> tuple[Finding, float]:
    """One answer of the engine: seconds to its first word, and words a second after that."""
    engine = parts.new_engine()
    try:
        await engine.feed(TextBlock(QUESTION, 0.0, 1.0))
        began = time.perf_counter()
        ends: list[float] = []
        async with aclosing(engine.reply()) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    ends.append(time.perf_counter() - began)
    finally:
        await engine.close()
    if not ends:
        return Finding("llm", "warning", "said nothing", "run `omnilive models verify`"), 0.0
    rate = (len(ends) - 1) / max(ends[-1] - ends[0], 1e-6) if len(ends) > 1 else 0.0
    figures = {"first_token_ms": ends[0] * 1000, "deltas_per_s": rate}
    told = f"the first word comes after {_ms(ends[0])}, then {rate:.0f} pieces of text a second"
    slow = 0 < rate < FEWEST_DELTAS_PER_S
    return Finding("llm", "warning" if slow else "ok", told, LATE_ADVICE if slow else "", figures), ends[0]


def _answer(setup: Setup, asr_s: float, llm_s: float, voice_s: float) -> Finding:
    """What the stages add up to, beside the budget of the setup."""
    waited = max(setup.hangover_s, setup.speculate_after_s + asr_s + llm_s + voice_s)
    budget = setup.budget_s.get("first_sound_made", float("inf"))
    told = f"a spoken answer begins about {_ms(waited)} after the user's last word"
    late = waited > budget
    advice = f"the setup {setup.name} aims at {_ms(budget)}: {LATE_ADVICE}" if late else ""
    return Finding("answer", "warning" if late else "ok", told, advice, {"answer_ms": waited * 1000})


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _quickest(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of the best try, and what it came to."""
    return min((_timed(work) for _attempt in range(TRIES)), key=_seconds)


def _seconds(tried: tuple[float, object]) -> float:
    return tried[0]


def _sign() -> np.ndarray:
    """A sign as a camera would show it."""
    wall = np.full((480, 640, 3), (90, 110, 130), np.uint8)
    cv2.rectangle(wall, (120, 160), (520, 300), (250, 250, 245), -1)
    cv2.putText(wall, SIGN, (150, 250), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (20, 20, 20), 5, cv2.LINE_AA)
    return wall


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
