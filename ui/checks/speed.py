"""Measures how fast each stage of an answer runs on this machine, with input like that of a call."""

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
from stream.turns.patience import SHORTEST_S
from ui.checks.finding import Finding
from vision.picture import Picture
from vision.seeing.look import SceneUpdate

T = TypeVar("T")

TRIES = 3  # the fastest one counts: slower ones were delayed by other programs
QUESTION = "Please tell me what you know about the sea."
# Different phrases, since a TTS voice caches what it has synthesized.
PHRASES = (
    "There are two people and a dog in the room.",
    "There is one person with a book on the left.",
    "There are some cups and a plate on the table.",
)
SIGN = "PLATFORM 9"
FEWEST_DELTAS_PER_S = 6.0  # speech needs about four words a second

PIPELINE = "an engine without its own hearing has ASR and TTS beside it"
LATE_ADVICE = "close other programs, or run the language model on another machine: --setup remote"


async def check_speed(setup: Setup, store: WeightStore) -> list[Finding]:
    """Loads the models, measures every stage, and adds up the latency of a spoken answer. Raises as open_parts."""
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
    """The stages of a pipeline: ASR, vision, LLM, TTS."""
    voice, sound, voice_s = _voice(parts)
    asr, asr_s = _asr(parts, sound)
    llm, llm_s = await _llm(parts)
    vision_models = [_vision_models(parts)] if parts.vision_models is not None else []
    return [asr, *vision_models, llm, voice, _answer(setup, asr_s, llm_s, voice_s)]


async def _units(parts: Parts) -> list[Finding]:
    """The number of calls that a model with its own hearing keeps up with, where it can be measured."""
    await parts.measure()
    capacity = parts.capacity
    if capacity is None:
        return [Finding("units", "ok", "the model hears and answers itself; a call shows its latency by turn")]
    return [Finding("units", "ok", f"room for {capacity.about}", figures={"sessions": float(capacity.sessions)})]


def _voice(parts: Parts) -> tuple[Finding, Samples, float]:
    assert parts.voice is not None, PIPELINE
    took, spoken = min((_timed(partial(parts.voice.spoken, phrase)) for phrase in PHRASES), key=_seconds)
    lasts = len(spoken.samples) / parts.voice.rate
    message = f"a sentence of {lasts:.1f} s is synthesized in {_ms(took)}, {lasts / took:.0f} times real time"
    sound = resample_whole(spoken.samples, parts.voice.rate, HEARING_RATE_HZ)
    return Finding("tts", "ok", message, figures={"voice_ms": took * 1000}), sound, took


def _asr(parts: Parts, sound: Samples) -> tuple[Finding, float]:
    transcriber = parts.transcriber
    assert transcriber is not None, PIPELINE
    took, transcript = _quickest(lambda: transcriber.transcribe(sound))
    message = f"{len(sound) / HEARING_RATE_HZ:.1f} s of speech are transcribed in {_ms(took)}: “{transcript.text}”"
    return Finding("asr", "ok", message, figures={"transcript_ms": took * 1000}), took


def _vision_models(parts: Parts) -> Finding:
    vision_models = parts.vision_models
    assert vision_models is not None, PIPELINE
    picture = Picture(_sign(), 0.0)
    glance, _ = _quickest(lambda: vision_models.glance(SceneUpdate(), picture))
    read, _ = _quickest(lambda: vision_models.read(SceneUpdate(), picture))
    message = f"objects are detected in {_ms(glance)}, text is read in {_ms(read)}"
    return Finding("vision", "ok", message, figures={"glance_ms": glance * 1000, "read_ms": read * 1000})


async def _llm(parts: Parts) -> tuple[Finding, float]:
    """One answer of the engine: its finding, and the seconds to the first token."""
    engine = parts.new_engine()
    try:
        await engine.feed(TextBlock(QUESTION, 0.0, 1.0))
        began = time.perf_counter()
        ends: list[float] = []
        async with aclosing(engine.reply()) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    ends.append(time.perf_counter() - began)
    finally:
        await engine.close()
    if not ends:
        return Finding("llm", "warning", "generated nothing", "run `omnilive models verify`"), 0.0
    rate = (len(ends) - 1) / max(ends[-1] - ends[0], 1e-6) if len(ends) > 1 else 0.0
    figures = {"first_token_ms": ends[0] * 1000, "deltas_per_s": rate}
    message = f"the first token comes after {_ms(ends[0])}, then {rate:.0f} pieces of text a second"
    slow = 0 < rate < FEWEST_DELTAS_PER_S
    return Finding("llm", "warning" if slow else "ok", message, LATE_ADVICE if slow else "", figures), ends[0]


def _answer(setup: Setup, asr_s: float, llm_s: float, voice_s: float) -> Finding:
    """The sum of the stages against the budget of the setup."""
    waited = max(SHORTEST_S, setup.turns.speculate_after_s + asr_s + llm_s + voice_s)
    budget = setup.budget_s.get("first_sound_made", float("inf"))
    message = f"a spoken answer begins about {_ms(waited)} after the user's last word"
    late = waited > budget
    advice = f"the budget of the setup {setup.name} is {_ms(budget)}: {LATE_ADVICE}" if late else ""
    return Finding("answer", "warning" if late else "ok", message, advice, {"answer_ms": waited * 1000})


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _quickest(work: Callable[[], T]) -> tuple[float, T]:
    """The seconds and the result of the fastest try."""
    return min((_timed(work) for _attempt in range(TRIES)), key=_seconds)


def _seconds(tried: tuple[float, object]) -> float:
    return tried[0]


def _sign() -> np.ndarray:
    """A picture of a sign, (480, 640, 3) uint8 in RGB."""
    wall = np.full((480, 640, 3), (90, 110, 130), np.uint8)
    cv2.rectangle(wall, (120, 160), (520, 300), (250, 250, 245), -1)
    cv2.putText(wall, SIGN, (150, 250), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (20, 20, 20), 5, cv2.LINE_AA)
    return wall


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
