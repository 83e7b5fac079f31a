"""What the eyes see while nobody asks: the mind is told, between replies, so that it can be asked about later."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from dialogue.blocks import SceneBlock
from stream.models.setup import SETUPS
from stream.runtime.events import FrameReceived, TextTyped
from stream.session.session import Session
from tests.stream.calls import Call
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture


class OpenVision:
    """They look and recognise nothing."""

    looks = 0

    def glance(self, look: Any, picture: Picture) -> None:
        self.looks += 1

    def read(self, look: Any, picture: Picture) -> None:
        pass


async def shows(call: Call, seconds: float) -> None:
    """Pictures that all differ, ten a second."""
    for number in range(round(10 * seconds)):
        rgb = np.full((48, 64, 3), 37 * number % 256, np.uint8)
        call.session.push(FrameReceived(Picture(rgb, call.session.now())))
        await call.lasts(0.1)


def test_what_is_seen_between_questions_reaches_the_mind() -> None:
    engine, vision_models = ToyEngine(["A very long answer, word by word."], pace_s=1.0), OpenVision()

    async def story() -> None:
        parts = toy_parts(lambda: engine, vision_models=vision_models)
        session = Session("test", parts, SETUPS["laptop"])
        call = Call(session)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call.listens())
            running = tasks.create_task(session.run())
            await shows(call, 3.0)
            scenes = [block for block in engine.fed if isinstance(block, SceneBlock)]
            assert len(scenes) == vision_models.looks > 1
            assert scenes[-1].camera and scenes[-1].at > scenes[0].at
            session.push(TextTyped("What do you see?"))
            await shows(call, 1.0)
            before = len(engine.fed)
            await shows(call, 2.0)
            assert len(engine.fed) == before, "not while it answers"
            session.close("over")
            await running
        parts.close()

    run_in_virtual_time(story(), until=600)
