"""A sign that was read is known at once while its writing stays the same; a camera that was off is read again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from stream.models.setup import VisionSettings
from stream.perception.video_perception import VideoPerception
from stream.runtime.clock import SessionClock
from stream.runtime.device_thread import DeviceThread
from stream.runtime.link import Link
from tests.virtual_time import run_in_virtual_time
from tests.vision.conftest import drawn_sign
from vision.picture import Picture, Pixels


class GatedVision:
    """Works while its gate is open, which it has `reached` when a frame was chosen; counts readings."""

    def __init__(self) -> None:
        self.gate, self.reached, self.readings = threading.Event(), threading.Event(), 0
        self.gate.set()

    def glance(self, look: Any, picture: Picture) -> None:
        self.reached.set()
        assert self.gate.wait(10.0)

    def read(self, look: Any, picture: Picture) -> None:
        assert self.gate.wait(10.0)
        self.readings += 1


@asynccontextmanager
async def seeing(models: Any) -> AsyncIterator[tuple[VideoPerception, Callable[[Pixels, bool], Awaitable[bool]]]]:
    """Video perception that runs, and a function that asks about a view: whether the scene, or its texts alone, are
    there while the gate of the models is shut."""
    clock = SessionClock()
    link = Link(now=clock.now, emit=lambda _event: None)
    with DeviceThread("vision") as thread:
        video = VideoPerception(vision_models=models, thread=thread, settings=VisionSettings(), link=link)
        running = asyncio.create_task(video.run())

        async def known(view: Pixels, texts: bool) -> bool:
            models.gate.clear()
            models.reached.clear()
            video.ask()
            video.see(Picture(view, clock.now()))
            asked = asyncio.create_task(video.fresh(clock.now(), patience_s=5.0, texts=texts))
            assert await asyncio.to_thread(models.reached.wait, 10.0)
            at_once = asked.done()
            models.gate.set()
            await asked
            await asyncio.sleep(1.0)
            return at_once

        yield video, known
        running.cancel()


def test_a_sign_that_was_read_is_known_at_once_whatever_moves_beside_it() -> None:
    async def questions() -> None:
        async with seeing(GatedVision()) as (_, known):
            sign = drawn_sign(["EXIT 42"])
            passing = sign.copy()
            passing[400:, :80] = (200, 40, 40)
            assert not await known(sign, True), "it was not read yet"
            assert await known(passing, True)
            assert not await known(passing, False), "things are looked at again"
            assert not await known(drawn_sign(["EXIT 48"]), True), "another text is read first"

    run_in_virtual_time(questions(), until=60)


def test_a_camera_that_was_off_is_looked_through_as_if_for_the_first_time() -> None:
    """What was read before it went off is not in view until it is read again."""

    async def off_and_on() -> None:
        models, sign = GatedVision(), drawn_sign(["EXIT 42"])
        async with seeing(models) as (video, known):
            await known(sign, True)
            assert await known(sign, True)
            video.switch(False)
            video.switch(True)
            readings = models.readings
            video.see(Picture(sign, video.scene.at))
            await asyncio.sleep(1.0)
            assert models.readings == readings + 1
            video.switch(False)
            video.switch(True)
            assert not await known(sign, True)

    run_in_virtual_time(off_and_on(), until=60)
