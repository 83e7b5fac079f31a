"""Scene updates reach the engine between replies, so that it can be asked about them later.

Also tests `seen_scene.py`.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from dialogue.blocks import SceneBlock
from dialogue.memory.scene_memory import STALE_S, SceneMemory
from stream.models.setup import SETUPS, VisionSettings
from stream.perception.seen_scene import scene_block
from stream.perception.video_perception import VideoPerception
from stream.runtime.clock import SessionClock
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import FrameReceived, ReplyEnded, SceneSeen, TextTyped
from stream.runtime.link import Link
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time
from vision.picture import Picture, Pixels
from vision.reading.signs import Sign
from vision.reading.text_line import TextLine
from vision.seeing.look import SceneUpdate, VisionModels
from vision.tracking import Track


class BlindVision:
    """Vision models that recognise nothing."""

    looks = 0

    def glance(self, look: Any, picture: Picture) -> None:
        self.looks += 1

    def read(self, look: Any, picture: Picture) -> None:
        pass


async def shows(call: SessionCall, seconds: float) -> None:
    """Sends pictures that all differ, ten a second."""
    for number in range(round(10 * seconds)):
        rgb = np.full((48, 64, 3), 37 * number % 256, np.uint8)
        call.session.push(FrameReceived(Picture(rgb, call.session.now())))
        await call.lasts(0.1)


def test_scenes_between_questions_reach_the_engine() -> None:
    engine, vision_models = ToyEngine(["A very long answer, word by word."], pace_s=1.0), BlindVision()

    async def story() -> None:
        parts = toy_parts(lambda: engine, vision_models=vision_models)
        session = Session("test", parts, SETUPS["laptop"])
        call = SessionCall(session)
        async with call.running():
            await shows(call, 3.0)
            scenes = [block for block in engine.fed if isinstance(block, SceneBlock)]
            assert len(scenes) >= vision_models.looks > 1
            assert scenes[-1].camera and scenes[-1].at > scenes[0].at
            session.push(TextTyped("What do you see?"))
            await shows(call, 1.0)
            before = len(engine.fed)
            await shows(call, 2.0)
            assert len(engine.fed) == before, "no scene is fed during a reply"
        parts.close()

    run_in_virtual_time(story(), until=600)


def seen(number: int, label: str, left: float, since: float) -> Track:
    return Track(number, label, 0.8, (left, 0.2, left + 0.2, 0.9), since, since)


def test_a_scene_is_worded_for_the_page_and_for_the_model() -> None:
    look = SceneUpdate()
    assert scene_block(look, 0.0).description == "There is no picture yet."
    assert scene_block(look, 0.0).unread
    look.scene.lit("normal", [], 1.0)
    look.scene.see([seen(1, "person", 0.4, 1.0)], {}, 1.0)
    look.read([], [], 1.0)
    look.scene.see([seen(1, "person", 0.4, 1.0), seen(2, "laptop", 0.0, 5.0)], {2: "grey"}, 5.0)
    look.read([], [Sign((TextLine("EXIT 42", 0.98, (0.8, 0.2, 1.0, 0.9)),))], 5.0)
    block = scene_block(look, 6.0)
    assert not block.unread
    assert block.description == "A person in the middle, a laptop on the left; a sign says “EXIT 42”."
    assert block.changes == ((5.0, "a laptop appeared"), (5.0, "a sign came into view: “EXIT 42”"))
    assert [(fact.label, fact.place, fact.colour) for fact in block.facts if fact.kind == "object"] == [
        ("person", "centre", ""),
        ("laptop", "left", "grey"),
    ]


def test_the_description_leaves_out_signs_that_left() -> None:
    look = SceneUpdate()
    look.scene.lit("normal", [], 1.0)
    look.read([], [Sign((TextLine("EXIT 42", 0.98, (0.8, 0.2, 1.0, 0.9)),))], 1.0)
    look.read([], [], 2.0)
    look.read([], [], 3.0)
    block = scene_block(look, 3.0)
    assert "EXIT" not in block.description
    assert [fact.text for fact in block.facts if fact.kind == "text"] == ["EXIT 42"]
    assert block.changes == ((3.0, "the sign “EXIT 42” is gone"),)
    look.camera_lost(4.0)
    assert scene_block(look, 4.0, camera=False).description == "The camera is off."


def test_the_first_question_waits_until_something_was_looked_at() -> None:
    """Before the first look "I see nothing" would be wrong, however patient the setup is."""

    async def first_question() -> None:
        clock, thread = SessionClock(), DeviceThread("vision")
        link = Link(now=clock.now, emit=lambda _event: None)
        video = VideoPerception(
            vision_models=cast(VisionModels, BlindVision()), thread=thread, settings=VisionSettings(), link=link
        )
        video.see(Picture(np.zeros((48, 64, 3), np.uint8), clock.now()))
        asked = asyncio.create_task(video.fresh(clock.now(), patience_s=0.5))
        await asyncio.sleep(2.0)  # the models are busy
        assert not asked.done()
        before = clock.now()
        scene = await video.fresh(before, patience_s=0.0)
        assert not scene.facts, "a question about something else waits for no look"
        assert clock.now() == before
        running = asyncio.create_task(video.run())
        assert (await asked).camera
        running.cancel()
        thread.close()

    run_in_virtual_time(first_question(), until=60)


def test_what_is_in_view_is_present_however_long_the_models_took() -> None:
    clock = SimpleNamespace(at=1.0)

    class SlowVision(BlindVision):
        """Recognises a person, while the camera goes on."""

        def glance(self, look: Any, picture: Picture) -> None:
            look.scene.see([seen(1, "person", 0.4, picture.at)], {}, picture.at)
            clock.at += 2 * STALE_S["object"]
            video.newest = Picture(picture.rgb, clock.at)

    async def one_look() -> SceneBlock:
        video.see(Picture(np.zeros((48, 64, 3), np.uint8), clock.at))
        running = asyncio.create_task(video.run())
        scene = await video.fresh(clock.at, patience_s=60.0)
        running.cancel()
        return scene

    with DeviceThread("vision") as thread:
        link = Link(now=lambda: clock.at, emit=lambda _event: None)
        video = VideoPerception(
            vision_models=cast(VisionModels, SlowVision()), thread=thread, settings=VisionSettings(), link=link
        )
        memory = SceneMemory()
        memory.see(run_in_virtual_time(one_look(), until=600))
    assert [fact.label for fact in memory.present("object")] == ["person"]


class SlowReader(BlindVision):
    """Reads once it may."""

    def __init__(self) -> None:
        self.may_read, self.readings = threading.Event(), 0

    def read(self, look: Any, picture: Picture) -> None:
        assert self.may_read.wait(10.0)
        self.readings += 1


def test_a_question_about_a_view_that_was_read_waits_for_no_other_reading() -> None:
    async def two_questions() -> None:
        clock, thread, models = SessionClock(), DeviceThread("vision"), SlowReader()
        link = Link(now=clock.now, emit=lambda _event: None)
        video = VideoPerception(
            vision_models=cast(VisionModels, models), thread=thread, settings=VisionSettings(), link=link
        )
        running = asyncio.create_task(video.run())

        wall = np.full((48, 64, 3), 90, np.uint8)
        room = np.random.default_rng(1).integers(0, 256, wall.shape, np.uint8)

        async def asks(view: Pixels) -> int:
            """The readings that were done when the scene was there."""
            await asyncio.sleep(1.0)
            video.ask()
            video.see(Picture(view, clock.now()))
            await video.fresh(clock.now(), patience_s=5.0)
            return models.readings

        models.may_read.set()
        assert await asks(wall) == 1
        models.may_read.clear()
        assert await asks(wall) == 1
        models.may_read.set()
        assert await asks(room) == 3, "another view is read first"
        running.cancel()
        thread.close()

    run_in_virtual_time(two_questions(), until=60)


def test_a_camera_that_stops_is_noticed_and_takes_what_it_showed_out_of_now() -> None:
    engine = ToyEngine(["I see."])

    async def story() -> None:
        parts = toy_parts(lambda: engine, vision_models=BlindVision())
        session = Session("test", parts, SETUPS["laptop"])
        call = SessionCall(session)
        async with call.running():
            await shows(call, 2.0)
            stopped_at = session.now()
            await call.lasts(1.3)
            assert [seen.camera for seen in call.of(SceneSeen)][-1] is False
            assert call.of(SceneSeen)[-1].at - stopped_at < 1.1
            assert "stopped" in call.of(SceneSeen)[-1].description
            session.push(TextTyped("What do you see?"))
            await call.lasts(0.3)
            fed = [block for block in engine.fed if isinstance(block, SceneBlock)][-1]
            assert fed.trouble == "stopped" and not fed.camera and not fed.facts
            await shows(call, 1.0)
            assert call.of(SceneSeen)[-1].camera
        parts.close()

    run_in_virtual_time(story(), until=600)


def test_a_model_that_sees_is_not_asked_about_a_dark_picture() -> None:
    engine = ToyEngine(["A lovely beach."])
    engine.can = replace(engine.can, sees=True)

    async def story() -> None:
        parts = toy_parts(lambda: engine)
        session = Session("test", parts, SETUPS["laptop"])
        call = SessionCall(session)
        async with call.running():
            for _ in range(8):
                session.push(FrameReceived(Picture(np.zeros((48, 64, 3), np.uint8), session.now())))
                await call.lasts(0.1)
            for question in ("What do you see?", "How are you?"):
                ended = len(call.of(ReplyEnded))
                session.push(TextTyped(question))
                while len(call.of(ReplyEnded)) == ended:
                    session.push(FrameReceived(Picture(np.zeros((48, 64, 3), np.uint8), session.now())))
                    await call.lasts(0.1)
            seen, other = (reply.said for reply in call.of(ReplyEnded))
            assert "covered" in seen and "beach" not in seen
            assert "beach" in other
        parts.close()

    run_in_virtual_time(story(), until=600)
