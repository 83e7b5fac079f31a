"""Calls with MiniCPM3, whose engine is inspected, and a camera that shows one picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import numpy as np

from dialogue.engine import Engine
from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine
from dialogue.tools.tool import Tool
from stream.models.setup import SETUPS
from stream.runtime.events import FrameReceived, ReplyEnded, TextTyped
from stream.session.session import Session
from tests.dialogue.minicpm.scripted_model import Rule
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture, Pixels
from vision.seeing.look import VisionModels

Story = Callable[["TextCall"], Awaitable[None]]
EngineFactory = Callable[[], Engine]
RuledModel = Callable[[Rule], EngineFactory]
WALL = np.full((480, 640, 3), 120, np.uint8)


class TextCall(SessionCall):
    """A call whose engine is inspected, with a camera that sends `rgb` twice a second."""

    def __init__(self, session: Session, rgb: Pixels) -> None:
        super().__init__(session)
        self.rgb = rgb
        self.remembered = ""

    async def films(self) -> None:
        while True:
            self.session.push(FrameReceived(Picture(self.rgb, self.session.now())))
            await asyncio.sleep(0.5)

    async def asks(self, question: str) -> str:
        """Types a question and waits for the end of the answer."""
        ended = len(self.of(ReplyEnded))
        self.session.push(TextTyped(question))
        while len(self.of(ReplyEnded)) == ended:
            await self.lasts(0.5)
        return self.of(ReplyEnded)[ended].said


def calls(
    llm: Callable[[], Engine],
    vision_models: VisionModels,
    *stories: Story,
    rgb: Pixels = WALL,
    tools: tuple[Tool, ...] = (),
) -> list[TextCall]:
    """Runs all calls at once, in one process."""

    async def whole() -> list[TextCall]:
        parts = replace(toy_parts(lambda: ToyEngine([]), vision_models=vision_models), new_engine=llm, tools=tools)
        made = [TextCall(Session(f"s{n}", parts, SETUPS["laptop"]), rgb) for n in range(len(stories))]

        async def one(call: TextCall, story: Story) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(call.listens())
                running = tasks.create_task(call.session.run())
                filming = tasks.create_task(call.films())
                await story(call)
                engine = cast(MiniCPM3Engine, call.session._engine)
                call.remembered = engine._llm.words.decode(engine._script.wanted(), engine._llm.words.special)
                filming.cancel()
                call.session.close("over")
                await running

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=900)


def asking(*questions: str) -> Story:
    async def story(call: TextCall) -> None:
        for question in questions:
            await call.asks(question)

    return story
