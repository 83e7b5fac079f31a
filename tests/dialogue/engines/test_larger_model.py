"""The larger embedded model, on machines that have it: tests do not download 1.1 GB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dialogue.blocks import PartialBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.settings import LargerEmbeddedSettings
from dialogue.llm.native.kept_prefix import prefix_path
from stream.models.open_llm import open_llm
from stream.models.weights import WeightsState, WeightStore

QUESTION = "What is the capital of Italy, and which river flows through it?"


async def run_here(step: Callable[..., Any], *args: Any) -> Any:
    await asyncio.sleep(0)
    return step(*args)


@pytest.fixture(scope="module")
def store(home: Path) -> WeightStore:
    store = WeightStore(home)
    [listed] = [each for each in store.listing() if each.weights.name == LARGER_LLM]
    if listed.condition is not WeightsState.PRESENT:
        pytest.skip(f"the larger model is not here: `omnilive models pull {LARGER_LLM}` fetches it")
    return store


def test_a_prefill_may_be_cancelled_at_any_step_and_the_answer_is_right(
    weights: WeightStore, store: WeightStore
) -> None:
    factory = open_llm(LargerEmbeddedSettings(), store, run_here)
    assert prefix_path(store.path(LARGER_LLM)).is_file()

    async def answer() -> str:
        engine = factory()
        for words in ("What is the capital", "What is the capital of Italy, and which"):
            feeding = asyncio.create_task(engine.feed(PartialBlock(words, 1.0)))
            await asyncio.sleep(0.1)
            feeding.cancel()
            await asyncio.wait([feeding])
        await engine.feed(TextBlock(QUESTION, 1.0, 3.0))
        said = "".join([delta.text async for delta in engine.reply() if isinstance(delta, TextDelta)])
        await engine.close()
        return said

    said = asyncio.run(answer())
    assert "Rome" in said and "Tiber" in said
