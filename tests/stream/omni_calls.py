"""Calls with a tiny MiniCPM-o 2.6 or 4.5 in virtual time. Only the VAD is a toy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dialogue.engine import Engine, EngineFactories
from dialogue.engines.minicpm.minicpm_o26 import MiniCPMO26Engine, MiniCPMO26Model
from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Engine, MiniCPMO45Model
from dialogue.engines.minicpm.minicpm_v import open_minicpm_v
from dialogue.memory.event_log import Event
from stream.models.parts import Parts
from stream.models.setup import SETUPS, Setup
from stream.runtime.events import FrameReceived, ReplyText
from stream.session.session import Session
from tests.stream.calls import SessionCall, syllables
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture

SETUP = SETUPS["laptop"]
Shared = MiniCPMO26Model | MiniCPMO45Model
T = TypeVar("T")
Story = Callable[["OmniCall"], Awaitable[None]]


class OmniCall(SessionCall):
    """A call that can be shown pictures and speaks with its own noise."""

    def __init__(self, name: str, parts: Parts, seed: int, setup: Setup = SETUP) -> None:
        super().__init__(Session(name, parts, setup))
        self.engine = self.session._engine
        self.noise = np.random.default_rng(seed)
        self.held: dict[str, int] = {}  # tokens in the context at the end
        self.rows: list[float] = []  # what the keys of the context come to, row by row, at the end
        self.logged: list[Event] = []  # the engine's event log, at the end

    def show(self) -> None:
        rgb = self.noise.integers(0, 256, (120, 160, 3), dtype=np.uint8)
        self.session.push(FrameReceived(Picture(rgb, self.session.now())))

    async def speaks(self, seconds: float) -> None:
        """Speech: every hop is loud, and each call has its own sound."""
        sound = self.noise.uniform(-0.5, 0.5, round(seconds * 16_000)).astype(np.float32)
        sound[::100] = 0.5
        await self.plays(sound * syllables(seconds))

    async def watches(self, seconds: int) -> None:
        """Silence in front of a camera."""
        for _ in range(seconds):
            self.show()
            await self.lasts(1.0, 0.01)

    async def until(self, kind: type[object], count: int = 1, most_s: int = 90) -> None:
        """Silence until the given number of events of that kind has come."""
        for _ in range(most_s):
            if len(self.of(kind)) >= count:
                return
            await self.lasts(1.0)

    def said(self) -> str:
        return "".join(event.text for event in self.of(ReplyText))


def logged(engine: Engine) -> list[Event]:
    """What the engine's event log holds of the conversation."""
    assert isinstance(engine, MiniCPMO26Engine | MiniCPMO45Engine)
    return list(engine._conversation_log.log.events("told", "asked", "said", "left"))


def context_rows(engine: Engine) -> list[float]:
    assert isinstance(engine, MiniCPMO26Engine | MiniCPMO45Engine)
    session = engine._session
    if session is None:
        return []
    cache = session.cache
    return [round(float(row), 3) for row in cache.storage[:, 0, :, : cache.length].sum((0, 1, 3))]


def opened(folder: Path, context: int = 2000, **options: Any) -> Shared:
    """To be run by the thread of a call's parts."""

    async def nobody(step: Callable[..., T], *_: Any) -> T:
        raise AssertionError("a runner is given when a call begins")

    factories = open_minicpm_v(folder, nobody, context, precision="float32", seed=7, **options)
    assert isinstance(factories, EngineFactories)
    assert isinstance(factories.live, Shared)
    return factories.live


def calls(
    shared: Shared,
    *stories: Story,
    setup: Setup = SETUP,
    seeds: tuple[int, ...] = (),
    transcriber: ToyTranscriber | None = None,
) -> list[OmniCall]:
    """Runs all calls at once, in one process. `transcriber` makes the captions."""

    async def whole() -> list[OmniCall]:
        toys = toy_parts(lambda: ToyEngine([]), transcriber)
        captions = toys.transcriber if transcriber else None
        parts = replace(toys, new_engine=replace(shared, runner=toys.threads.llm.run), transcriber=captions)
        made = [
            OmniCall(f"s{place}", parts, seed, setup) for place, seed in enumerate(seeds or tuple(range(len(stories))))
        ]

        async def one(call: OmniCall, story: Story) -> None:
            async with call.running():
                await story(call)
                call.held = dict(call.engine.context().tokens)
                call.rows = context_rows(call.engine)
                call.logged = logged(call.engine)

        await asyncio.gather(*(one(call, story) for call, story in zip(made, stories, strict=True)))
        await asyncio.sleep(2.0)  # a slot that is being computed runs to its end
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)
