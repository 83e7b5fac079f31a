"""Calls with a tiny MiniCPM-V: pictures, questions, interruptions, two calls at once. ASR and TTS are toys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dialogue.engine import Engine
from dialogue.engines.minicpm.minicpm_v import MiniCPMVEngine, open_minicpm_v
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.request import EncodedPicture as ShownPicture
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from stream.models.parts import Parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import ContextShown, FrameReceived, Interrupted, Notice, ReplyEnded, ReplyText, TextTyped
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.detect import Detector
from vision.picture import Picture
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels

SETUP = SETUPS["laptop"]
SEEING = (Kind.V25, Kind.V26)
VARIED = SamplingConfig(penalty=2.0)  # greedy, without endless repetition
QUESTION = "What is on the table?"
Story = Callable[["SeeingCall"], Awaitable[None]]


class SeeingCall(SessionCall):
    """A call whose engine is inspected."""

    def __init__(self, name: str, parts: Parts, seed: int) -> None:
        super().__init__(Session(name, parts, SETUP))
        engine = self.session._engine
        assert isinstance(engine, MiniCPMVEngine)
        self.engine = engine
        self.kept: list[tuple[str, ...]] = []  # what the engine remembers at the end
        self.rgb = np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)

    def show(self) -> None:
        self.session.push(FrameReceived(Picture(self.rgb, self.session.now())))

    def said(self) -> str:
        return "".join(event.text for event in self.of(ReplyText))

    def turns(self) -> list[tuple[str, ...]]:
        """The engine's turns without the instruction; a picture is "(picture)"."""
        named = [
            tuple("(picture)" if isinstance(part, ShownPicture) else str(part) for part in turn.parts)
            for turn in self.engine._history.turns()
        ]
        return named[1:]


@pytest.fixture(scope="module")
def factories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Callable[[], Engine]]]:
    """Kind -> engine factory, on one thread, as in a server process."""
    opened: dict[Kind, Callable[[], Engine]] = {}
    with DeviceThread("llm") as thread:

        def llm(kind: Kind) -> Callable[[], Engine]:
            if kind not in opened:
                folder: Path = write_tiny(kind, tmp_path_factory.mktemp(kind.name))
                opened[kind] = open_minicpm_v(folder, thread.run, precision="float32", sampling=VARIED)
            return opened[kind]

        yield llm


@pytest.fixture(scope="module")
def vision_models(weights: WeightStore) -> VisionModels:
    return VisionModels(Detector(weights.path("nanodet-g"), threads=1), Reader())


def calls(llm: Callable[[], Engine], vision_models: VisionModels, *stories: Story) -> list[SeeingCall]:
    """Runs all calls at once, in one process."""

    async def whole() -> list[SeeingCall]:
        parts = replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), new_engine=llm)
        made = [SeeingCall(f"s{seed}", parts, seed) for seed in range(len(stories))]

        async def one(call: SeeingCall, story: Story) -> None:
            async with call.running():
                await story(call)
                call.kept = call.turns()

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def asks(*questions: str, shows: bool = True) -> Story:
    async def story(call: SeeingCall) -> None:
        for question in questions:
            if shows:
                call.show()
            call.session.push(TextTyped(question))
            ended = len(call.of(ReplyEnded))
            for _ in range(200):
                await call.lasts(1.0)
                if len(call.of(ReplyEnded)) > ended:
                    break

    return story


@pytest.mark.parametrize("kind", SEEING)
def test_something_is_shown_and_a_typed_question_answered(
    factories: Callable[[Kind], Callable[[], Engine]], vision_models: VisionModels, kind: Kind
) -> None:
    [result] = calls(factories(kind), vision_models, asks(QUESTION))
    assert not result.of(Notice)
    assert len(result.of(ReplyText)) > 1, "the text is streamed"
    [ended] = result.of(ReplyEnded)
    assert ended.said == result.said() and not ended.cut
    assert result.kept[0] == ("(picture)", QUESTION)
    assert result.of(ContextShown)[-1].use.tokens["picture"] >= 64
    assert result.heard_s() > 0


def test_an_interruption_rewinds_to_what_was_heard(
    factories: Callable[[Kind], Callable[[], Engine]], vision_models: VisionModels
) -> None:
    async def story(call: SeeingCall) -> None:
        call.show()
        call.session.push(TextTyped(QUESTION))
        while not call.out or call.heard_s() < 0.1:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.lasts(0.5)
        call.session.push(TextTyped("And now?"))
        await call.lasts(2.0)

    [result] = calls(factories(Kind.V26), vision_models, story)
    first = result.of(ReplyEnded)[0]
    assert first.cut
    assert len(first.heard) < len(first.said)
    remembered = [part for turn in result.kept for part in turn]
    assert first.said not in remembered
    assert remembered.index(QUESTION) < remembered.index("And now?")


def test_two_calls_at_once_do_not_mix(
    factories: Callable[[Kind], Callable[[], Engine]], vision_models: VisionModels
) -> None:
    """Each call is answered as it would be alone."""
    questions = ("What is this?", "Is it red or green?")
    llm = factories(Kind.V26)
    together = calls(llm, vision_models, asks(questions[0]), asks(questions[1]))
    alone = calls(llm, vision_models, asks(questions[0]), asks("unused", shows=False))
    assert together[0].kept[0] == ("(picture)", questions[0])
    assert together[1].kept[0] == ("(picture)", questions[1])
    assert together[0].said() == alone[0].said()
    assert together[0].said() != together[1].said()
