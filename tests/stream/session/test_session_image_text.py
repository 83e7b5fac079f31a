"""Calls and histories with tiny MiniCPM siblings run by transformers: as the engine that sees, and as the captioner.

Also tests `stream/perception/captioning.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from dialogue.blocks import SceneBlock, TextBlock
from dialogue.engine import Engine
from dialogue.engines.image_text import ImageTextEngine, open_image_text
from dialogue.image_text.captioner import Captioner, open_captioner
from dialogue.image_text.tiny import KINDS, write_tiny_sibling
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.request import EncodedPicture as ShownPicture
from stream.models.parts import Parts
from stream.models.setup import SETUPS, CaptionerSettings
from stream.models.weights import WeightStore
from stream.perception.captioning import LONGEST_DESCRIPTION
from stream.requests.chat_requests import ChatRequests
from stream.requests.request_message import RequestMessage
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import (
    DeviceSwitched,
    FrameReceived,
    Interrupted,
    Notice,
    ReplyEnded,
    ReplyText,
    SceneSeen,
    TextTyped,
)
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.detect import Detector
from vision.picture import Picture
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels

SIBLINGS = list(KINDS.values())
SETUP = SETUPS["laptop"]
BLIND = SETUPS["laptop"]
VARIED = SamplingConfig(penalty=2.0)  # greedy, without endless repetition
QUESTION = "What is on the table?"
Story = Callable[["SiblingCall"], Awaitable[None]]


class SiblingCall(SessionCall):
    def __init__(self, parts: Parts, seed: int = 0, blind: bool = False) -> None:
        super().__init__(Session("call", parts, BLIND if blind else SETUP))
        self.rgb = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), dtype=np.uint8)

    async def shows(self, seconds: float, pictures_per_s: int = 5) -> None:
        for _ in range(round(seconds * pictures_per_s)):
            self.session.push(FrameReceived(Picture(self.rgb, self.session.now())))
            await self.lasts(1 / pictures_per_s)

    async def asks(self, question: str) -> None:
        """Shows a picture, asks, and waits for the end of the answer."""
        self.session.push(FrameReceived(Picture(self.rgb, self.session.now())))
        self.session.push(TextTyped(question))
        ended = len(self.of(ReplyEnded))
        for _ in range(200):
            await self.lasts(1.0)
            if len(self.of(ReplyEnded)) > ended:
                return


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def of(kind: str) -> Path:
        if kind not in made:
            made[kind] = write_tiny_sibling(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return of


@pytest.fixture(scope="module")
def llm(folder: Callable[[str], Path]) -> Iterator[Callable[[str], Callable[[], Engine]]]:
    """Model type -> engine factory, on one thread, as in a server process."""
    opened: dict[str, Callable[[], Engine]] = {}
    with DeviceThread("llm") as thread:

        def of(kind: str) -> Callable[[], Engine]:
            if kind not in opened:
                opened[kind] = open_image_text(folder(kind), thread.run, precision="float32", sampling=VARIED)
            return lambda: brief(opened[kind]())

        yield of


def brief(engine: Engine) -> Engine:
    """A model with random weights does not stop on its own, so replies are limited."""
    assert isinstance(engine, ImageTextEngine)
    engine._history.reply_tokens = 40
    return engine


@pytest.fixture(scope="module")
def captioner(folder: Callable[[str], Path]) -> Captioner:
    return open_captioner(folder("minicpmv4_7"), "float32")


@pytest.fixture(scope="module")
def vision_models(weights: WeightStore) -> VisionModels:
    return VisionModels(Detector(weights.path("nanodet-g"), threads=1), Reader())


def calls(parts: Callable[[], Parts], *stories: Story, blind: bool = False) -> list[SiblingCall]:
    """Runs all calls at once, in one process."""

    async def whole() -> list[SiblingCall]:
        shared = parts()
        made = [SiblingCall(shared, seed, blind) for seed in range(len(stories))]

        async def one(call: SiblingCall, story: Story) -> None:
            async with call.running():
                await story(call)

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        shared.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def asked(*questions: str) -> Story:
    async def story(call: SiblingCall) -> None:
        for question in questions:
            await call.asks(question)

    return story


def said(call: SiblingCall) -> str:
    return "".join(event.text for event in call.of(ReplyText))


@pytest.mark.parametrize("kind", SIBLINGS)
def test_a_sibling_sees_and_answers_in_a_call(
    llm: Callable[[str], Callable[[], Engine]], vision_models: VisionModels, kind: str
) -> None:
    [result] = calls(
        lambda: replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), new_engine=llm(kind)),
        asked(QUESTION),
    )
    assert not result.of(Notice)
    assert len(result.of(ReplyText)) > 1, "the text is streamed"
    [ended] = result.of(ReplyEnded)
    assert ended.said == said(result) and not ended.cut
    assert result.heard_s() > 0


def test_an_interruption_rewinds_to_what_was_heard(
    llm: Callable[[str], Callable[[], Engine]], vision_models: VisionModels
) -> None:
    kept: list[list[str]] = []

    async def story(call: SiblingCall) -> None:
        engine = call.session._engine
        assert isinstance(engine, ImageTextEngine)
        call.session.push(FrameReceived(Picture(call.rgb, call.session.now())))
        call.session.push(TextTyped(QUESTION))
        while not call.out or call.heard_s() < 0.1:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.lasts(0.5)
        await call.asks("And now?")
        kept.extend(
            ["(picture)" if isinstance(part, ShownPicture) else str(part) for part in turn.parts]
            for turn in engine._history.turns()
        )

    [result] = calls(
        lambda: replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), new_engine=llm("minicpmv4_6")),
        story,
    )
    first = result.of(ReplyEnded)[0]
    assert first.cut and len(first.heard) < len(first.said)
    remembered = [part for turn in kept for part in turn]
    assert first.said not in remembered[: remembered.index("And now?")]
    assert remembered.index(QUESTION) < remembered.index("And now?")


def test_two_calls_on_one_model_do_not_mix(
    llm: Callable[[str], Callable[[], Engine]], vision_models: VisionModels
) -> None:
    """On the sibling that keeps positions in the model object."""

    def parts() -> Parts:
        return replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), new_engine=llm("minicpmv4_7"))

    together = calls(parts, asked(QUESTION), asked("Is it red or green?"))
    [alone] = calls(parts, asked(QUESTION))
    assert said(together[0]) == said(alone)
    assert said(together[1]) != said(alone)


def test_a_captioner_describes_pictures_to_an_engine_that_cannot_see(
    captioner: Captioner, vision_models: VisionModels
) -> None:
    engine = ToyEngine(["I was told."])

    async def story(call: SiblingCall) -> None:
        await call.shows(3.0)
        await call.asks("What do you see?")
        call.session.push(DeviceSwitched(camera=False))
        await call.lasts(0.5)
        call.session.push(TextTyped("And now?"))
        await call.lasts(3.0)

    [result] = calls(
        lambda: replace(toy_parts(lambda: engine, vision_models=vision_models), captioner=captioner), story, blind=True
    )
    scenes = [block for block in engine.fed if isinstance(block, SceneBlock)]
    asked = next(index for index, block in enumerate(engine.fed) if isinstance(block, TextBlock))
    shown = next(block for block in reversed(engine.fed[:asked]) if isinstance(block, SceneBlock))
    [fact] = [fact for fact in shown.facts if fact.kind == "description"]
    assert fact.text and len(fact.text) <= LONGEST_DESCRIPTION
    assert shown.description == fact.text
    assert any(seen.description == fact.text for seen in result.of(SceneSeen)), "the page shows it too"
    assert not scenes[-1].camera and all(fact.kind != "description" for fact in scenes[-1].facts)


def test_descriptions_are_asked_for_at_a_bounded_rate(vision_models: VisionModels) -> None:
    class SlowCaptioner:
        def __init__(self) -> None:
            self.at: list[float] = []

        async def describe(self, rgb: np.ndarray, run: object) -> str:
            self.at.append(asyncio.get_running_loop().time())
            await asyncio.sleep(1.5)  # slower than the camera by far
            return "A desk."

    counting = SlowCaptioner()

    async def story(call: SiblingCall) -> None:
        await call.shows(10.0)
        assert len(counting.at) == 1, "a view that does not change is described once"
        for _ in range(10):
            call.rgb = 255 - call.rgb
            await call.shows(2.0)

    captioner = cast(Captioner, counting)  # no more of it is called
    parts = replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), captioner=captioner)
    calls(lambda: parts, story, blind=True)
    assert 4 <= len(counting.at) <= 6
    assert np.diff(counting.at).min() >= CaptionerSettings.every_s - 0.3


def test_a_written_history_is_answered_by_a_sibling_or_with_its_description(
    llm: Callable[[str], Callable[[], Engine]], captioner: Captioner, vision_models: VisionModels
) -> None:
    rgb = np.random.default_rng(5).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    messages = [RequestMessage("user", [Picture(rgb, 0.0), "What is this?"])]
    engine = ToyEngine(["I was told."])

    async def answered(parts: Parts) -> str:
        text = "".join([piece async for piece in ChatRequests(parts, SETUP).answer(messages)])
        parts.close()
        return text

    assert asyncio.run(answered(replace(toy_parts(lambda: engine), new_engine=llm("minicpm_ocr"))))
    asyncio.run(answered(replace(toy_parts(lambda: engine, vision_models=vision_models), captioner=captioner)))
    [scene] = [block for block in engine.fed if isinstance(block, SceneBlock)]
    assert any(fact.kind == "description" and fact.text for fact in scene.facts)
