"""Prefix reuse: the same replies as from a full prefill, with much less computation. Tests prefix_check.py as well.

Also tests `features.py` and `prefix_check.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.blocks import PictureBlock, ReplyBlock, SystemBlock, TextBlock
from dialogue.engines.image_text import ImageTextEngine
from dialogue.image_text.image_text_model import ImageTextModel, open_image_text_model
from dialogue.image_text.prefix_check import can_reuse_prefix
from dialogue.image_text.prompt_cache import PromptCache, PromptKeys
from dialogue.image_text.tiny import KINDS
from dialogue.llm.sampling import GREEDY
from tests.dialogue.image_text.other_families import OTHERS, write_other
from tests.dialogue.replies import said

Open = Callable[[str], ImageTextModel]
WINDOWED = "gemma3"
SHORT = 6  # pieces of a reply
FAMILIES = [each for each in (*KINDS.values(), *OTHERS) if each != WINDOWED]


@pytest.fixture(scope="module")
def any_model(open_model: Open, tmp_path_factory: pytest.TempPathFactory) -> Open:
    made: dict[str, ImageTextModel] = {}

    def opened(kind: str) -> ImageTextModel:
        if kind not in OTHERS:
            return open_model(kind)
        if kind not in made:
            made[kind] = open_image_text_model(write_other(kind, tmp_path_factory.mktemp(kind)), "float32")
        return made[kind]

    return opened


class PositionCount:
    """Counts the positions of all prompts, and those that were computed."""

    def __init__(self) -> None:
        self.positions, self.computed = 0, 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> PositionCount:
    count, prepare, advance = PositionCount(), PromptCache.prepare, PromptCache.advance

    def counted_prepare(past: PromptCache, turns: Any) -> PromptKeys | None:
        prompt = prepare(past, turns)
        count.positions += len(prompt.keys) if prompt else 0
        return prompt

    def counted_advance(past: PromptCache, prompt: PromptKeys) -> Any:
        count.computed += prompt.stages[0] - prompt.done
        return advance(past, prompt)

    monkeypatch.setattr(PromptCache, "prepare", counted_prepare)
    monkeypatch.setattr(PromptCache, "advance", counted_advance)
    return count


async def at_once(step: Callable[..., Any], *args: Any) -> Any:
    return step(*args)


def session(model: ImageTextModel, keeps: bool, limit: int = 4096) -> ImageTextEngine:
    return ImageTextEngine(model, at_once, limit, GREEDY, keeps=keeps)


async def turn(engine: ImageTextEngine, number: int, rgb: np.ndarray | None, heard: int = 12) -> str:
    """A picture, a question and an answer, of which `heard` characters were heard."""
    if rgb is not None:
        await engine.feed(PictureBlock(rgb, number))
    await engine.feed(TextBlock(f"What is this, number {number}?", number, number))
    mark = await engine.mark()
    answer = await said(engine, SHORT)
    await engine.rewind(mark)
    await engine.feed(ReplyBlock(answer[:heard], number, number, cut=heard < len(answer)))
    return answer


def picture(seed: int, height: int = 120, width: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


async def conversation(engine: ImageTextEngine) -> list[str]:
    await engine.feed(SystemBlock("Be brief."))
    answers = [await turn(engine, 0, picture(0)), await turn(engine, 1, None, heard=3)]
    answers += [await turn(engine, 2, picture(2, 60, 90)), await turn(engine, 3, None, heard=0)]
    mark = await engine.mark()  # the reply was prepared too early: the user continued
    await engine.feed(PictureBlock(picture(4), 4))
    await engine.feed(TextBlock("And this", 4, 4))
    answers.append(await said(engine, 3))
    await engine.rewind(mark)
    await engine.feed(TextBlock("And this, what may it be?", 4, 5))
    return [*answers, await said(engine, SHORT)]


@pytest.mark.parametrize("kind", FAMILIES)
def test_replies_equal_those_of_a_full_prefill(any_model: Open, kind: str, counted: PositionCount) -> None:
    kept = asyncio.run(conversation(session(any_model(kind), keeps=True)))
    assert counted.computed < 0.6 * counted.positions, "most of each prompt is reused"
    assert kept == asyncio.run(conversation(session(any_model(kind), keeps=False)))
    assert len(set(kept)) > 2, "the replies vary, so the comparison is meaningful"


@pytest.mark.parametrize("kind", ["minicpmv4_7", "qwen2_vl"])
def test_alternating_sessions_do_not_mix(any_model: Open, kind: str) -> None:
    """One of the models keeps the positions of pictures in the model object."""

    async def both(keeps: bool) -> list[str]:
        one, other = session(any_model(kind), keeps), session(any_model(kind), keeps)
        answers = []
        for number in range(3):
            answers += [
                await turn(one, number, picture(number)),
                await turn(other, number, picture(9 - number, 80, 60)),
            ]
        return answers

    assert asyncio.run(both(True)) == asyncio.run(both(False))


@pytest.mark.parametrize("kind", ["minicpm_ocr", "llava"])
def test_eviction_does_not_change_the_replies(any_model: Open, kind: str) -> None:
    rgb = [picture(number, 480, 640) for number in range(7)]

    async def long(keeps: bool) -> tuple[list[str], int]:
        engine = session(any_model(kind), keeps, 3072)
        filler = "word " * 90
        answers = []
        for number, each in enumerate(rgb):
            await engine.feed(TextBlock(filler, number, number))
            answers.append(await turn(engine, number, each))
        return answers, engine.context().dropped_blocks

    kept, dropped = asyncio.run(long(True))
    assert dropped > 2
    assert (kept, dropped) == asyncio.run(long(False))


def test_a_picture_in_the_history_is_encoded_once(open_model: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("minicpmv4_6")
    looks: list[object] = []
    outer: Any = model.model
    for part in (outer, outer.model):

        def counted(*args: Any, look: Callable[..., Any] = part.get_image_features, **given: Any) -> Any:
            looks.append(given)
            return look(*args, **given)

        monkeypatch.setattr(part, "get_image_features", counted)

    async def talk() -> PromptCache:
        engine = session(model, keeps=True)
        for number in range(2):
            await turn(engine, number, picture(number))
            await turn(engine, number, None)
        assert engine._past is not None
        engine._past._points.clear()  # as after an eviction: everything but the vision tower runs again
        await turn(engine, 5, None)
        assert len(engine._past._features) == 2
        await engine.rewind(type(await engine.mark())(0))
        await turn(engine, 6, None)
        return engine._past

    past = asyncio.run(talk())
    assert len(looks) == 2 * 2, "two pictures, each through the methods of the outer and the inner model"
    assert not past._features, "features of pictures outside the history are freed"


def test_the_number_of_caches_is_bounded(open_model: Open) -> None:
    async def talk() -> PromptCache:
        engine = session(open_model("minicpmv4_7"), keeps=True)
        for number in range(4):
            await turn(engine, number, picture(number))
        assert engine._past is not None
        points = len(engine._past._points)
        await engine.close()
        assert points <= 3
        return engine._past

    assert not asyncio.run(talk())._points


@pytest.mark.parametrize("kind", [*FAMILIES, WINDOWED])
def test_prefix_reuse_is_allowed_except_with_sliding_windows(any_model: Open, kind: str) -> None:
    assert can_reuse_prefix(any_model(kind)) is (kind != WINDOWED)


def test_a_model_with_other_logits_does_not_reuse_prefixes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: PositionCount
) -> None:
    model = open_image_text_model(write_other("llava", tmp_path), "float32")
    network: Any = model.model
    prepare = network._prepare_position_ids_for_generation
    monkeypatch.setattr(
        model.model, "_prepare_position_ids_for_generation", lambda ids, given: prepare(ids, given).flip(-1)
    )
    assert not can_reuse_prefix(model)
    monkeypatch.setattr(model.model, "get_image_features", None)
    assert not can_reuse_prefix(model), "a model without features does not either"
    before = counted.computed
    assert asyncio.run(turn(session(model, keeps=can_reuse_prefix(model)), 0, picture(0)))
    assert counted.computed == before
