"""Measures the time from the end of a question to the first text of the answer, in a session of an embedded model.

All but the last two words are prefilled before, as in a call while the user speaks. The times are wall time.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import aclosing

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import Engine, TextDelta
from dialogue.engines.settings import EngineSettings
from stream.models.open_llm import open_llm
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread

QUESTIONS = (
    "Why do cats purr when somebody strokes them?",
    "What is a good present for a friend who likes to cook?",
    "Tell me something about the history of bread.",
    "How does a bicycle stay upright when it rolls?",
    "Which vegetables can I plant in the spring?",
    "What makes the leaves change their colour in autumn?",
    "How could I fall asleep faster in the evening?",
    "Give me an idea for a birthday party of a child.",
)


def first_token_ms(settings: EngineSettings, store: WeightStore) -> float:
    """The median of all questions, each in a session of its own."""
    with DeviceThread("llm") as thread:
        factory = open_llm(settings, store, thread.run)
        taken = asyncio.run(_all(factory))
    for question, seconds in zip(QUESTIONS, taken, strict=True):
        print(f"{1000 * seconds:8.0f} ms  {question}", flush=True)
    return 1000 * statistics.median(taken)


async def _all(factory: Callable[[], Engine]) -> list[float]:
    return [await _first_token(factory(), question) for question in QUESTIONS]


async def _first_token(engine: Engine, question: str) -> float:
    await engine.feed(TextBlock("My name is Anna, and I like to be outside.", 0.0, 2.0))
    await engine.feed(ReplyBlock("That is good to hear, Anna.", 3.0, 4.0))
    await engine.feed(PartialBlock(" ".join(question.split()[:-2]), 5.0))
    began = time.perf_counter()
    await engine.feed(TextBlock(question, 5.0, 8.0))
    async with aclosing(engine.reply()) as deltas:
        async for delta in deltas:
            if isinstance(delta, TextDelta) and delta.text:
                break
    taken = time.perf_counter() - began
    await engine.close()
    return taken
