"""What is kept of a computed history: the same answers as from the whole of it, and much less to compute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.blocks import PictureBlock, ReplyBlock, SystemBlock, TextBlock
from dialogue.engines.image_text import ImageTextEngine
from dialogue.image_text.past import PromptCache, PromptKeys
from dialogue.image_text.proof import goes_on
from dialogue.image_text.seeing_model import SeeingModel, open_seeing_model
from dialogue.image_text.tiny import KINDS
from dialogue.llm.sampling import GREEDY
from tests.dialogue.image_text.other_families import OTHERS, write_other
from tests.dialogue.replies import said

Open = Callable[[str], SeeingModel]
WINDOWED = "gemma3"
SHORT = 6  # pieces of a reply
FAMILIES = [each for each in (*KINDS.values(), *OTHERS) if each != WINDOWED]


@pytest.fixture(scope="module")
def any_model(seeing: Open, tmp_path_factory: pytest.TempPathFactory) -> Open:
    made: dict[str, SeeingModel] = {}

    def opened(kind: str) -> SeeingModel:
        if kind not in OTHERS:
            return seeing(kind)
        if kind not in made:
            made[kind] = open_seeing_model(write_other(kind, tmp_path_factory.mktemp(kind)), "float32")
        return made[kind]

    return opened


class Counted:
    """Places of all prompts, and those of them that were computed."""

    def __init__(self) -> None:
        self.laid_out, self.computed = 0, 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    count, lay_out, advance = Counted(), PromptCache.lay_out, PromptCache.advance

    def laid(past: PromptCache, turns: Any) -> PromptKeys | None:
        prompt = lay_out(past, turns)
        count.laid_out += len(prompt.keys) if prompt else 0
        return prompt

    def advanced(past: PromptCache, prompt: PromptKeys) -> Any:
        count.computed += prompt.stages[0] - prompt.done
        return advance(past, prompt)

    monkeypatch.setattr(PromptCache, "lay_out", laid)
    monkeypatch.setattr(PromptCache, "advance", advanced)
    return count


async def at_once(step: Callable[..., Any], *args: Any) -> Any:
    return step(*args)


def session(model: SeeingModel, keeps: bool, limit: int = 4096) -> ImageTextEngine:
    return ImageTextEngine(model, at_once, limit, GREEDY, keeps=keeps)


async def turn(engine: ImageTextEngine, number: int, rgb: np.ndarray | None, heard: int = 12) -> str:
    """A picture, a question and an answer, of which so many characters were heard: random weights say long ones."""
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
    mark = await engine.mark()  # the answer was prepared too early: the user went on
    await engine.feed(PictureBlock(picture(4), 4))
    await engine.feed(TextBlock("And this", 4, 4))
    answers.append(await said(engine, 3))
    await engine.rewind(mark)
    await engine.feed(TextBlock("And this, what may it be?", 4, 5))
    return [*answers, await said(engine, SHORT)]


@pytest.mark.parametrize("kind", FAMILIES)
def test_answers_are_those_of_the_whole_history(any_model: Open, kind: str, counted: Counted) -> None:
    kept = asyncio.run(conversation(session(any_model(kind), keeps=True)))
    assert counted.computed < 0.6 * counted.laid_out, "most of a prompt is known"
    assert kept == asyncio.run(conversation(session(any_model(kind), keeps=False)))
    assert len(set(kept)) > 2, "answers that could differ"


@pytest.mark.parametrize("kind", ["minicpmv4_7", "qwen2_vl"])
def test_sessions_in_turn_do_not_mix(any_model: Open, kind: str) -> None:
    """One model numbers its pictures' places in the model object."""

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
def test_what_left_the_context_changes_nothing_else(any_model: Open, kind: str) -> None:
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


def test_a_picture_is_looked_at_once_while_it_is_remembered(seeing: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    model = seeing("minicpmv4_6")
    looks: list[object] = []
    look = model.model.get_image_features
    monkeypatch.setattr(model.model, "get_image_features", lambda **given: looks.append(given) or look(**given))
    tower = model.model.model.get_image_features
    monkeypatch.setattr(model.model.model, "get_image_features", lambda *a, **k: looks.append(k) or tower(*a, **k))

    async def talk() -> PromptCache:
        engine = session(model, keeps=True)
        for number in range(2):
            await turn(engine, number, picture(number))
            await turn(engine, number, None)
        assert engine._past is not None
        engine._past._points.clear()  # as after an eviction: all is computed anew, but the tower
        await turn(engine, 5, None)
        assert len(engine._past._looked) == 2
        await engine.rewind(type(await engine.mark())(0))
        await turn(engine, 6, None)
        return engine._past

    past = asyncio.run(talk())
    assert len(looks) == 2 * 2, "two pictures, each through the head's method and the body's"
    assert not past._looked, "what is no longer in the history is let go"


def test_little_is_kept(seeing: Open) -> None:
    async def talk() -> PromptCache:
        engine = session(seeing("minicpmv4_7"), keeps=True)
        for number in range(4):
            await turn(engine, number, picture(number))
        assert engine._past is not None
        points = len(engine._past._points)
        await engine.close()
        assert points <= 3
        return engine._past

    assert not asyncio.run(talk())._points


@pytest.mark.parametrize("kind", [*FAMILIES, WINDOWED])
def test_going_on_is_tried_out(any_model: Open, kind: str) -> None:
    assert goes_on(any_model(kind)) is (kind != WINDOWED)


def test_a_model_that_computes_something_else_then_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: Counted
) -> None:
    model = open_seeing_model(write_other("llava", tmp_path), "float32")
    prepare = model.model._prepare_position_ids_for_generation
    monkeypatch.setattr(
        model.model, "_prepare_position_ids_for_generation", lambda ids, given: prepare(ids, given).flip(-1)
    )
    assert not goes_on(model)
    monkeypatch.setattr(model.model, "get_image_features", None)
    assert not goes_on(model), "nor one that has no features to give"
    before = counted.computed
    assert asyncio.run(turn(session(model, keeps=goes_on(model)), 0, picture(0)))
    assert counted.computed == before
