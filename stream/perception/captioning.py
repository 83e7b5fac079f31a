"""Stage: now and then a camera picture goes to a model that sees, and its words go to a mind that does not.

What it says is a fact about the room among the others: data, never an instruction. It takes seconds where the eyes
take milliseconds, so it has a thread and a rhythm of its own and nobody waits for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialogue.blocks import Fact, SceneBlock
from dialogue.errors import BadInput
from stream.models.setup import CaptionerSettings, Setup
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.lanes import LatestOnly
from stream.runtime.link import Link
from vision.picture import Picture

if TYPE_CHECKING:
    from dialogue.image_text.captioner import Captioner

LONGEST_DESCRIPTION = 400  # characters


class Captioning:
    """One session's. `fact` is the newest description; whoever shows the scene adds it."""

    def __init__(self, captioner: Captioner, thread: DeviceThread, setup: Setup, link: Link) -> None:
        self._captioner, self._thread, self._link = captioner, thread, link
        self._every_s = setup.captioner.every_s if setup.captioner is not None else CaptionerSettings.every_s
        self.lane: LatestOnly[Picture] = LatestOnly()
        self._next_at = float("-inf")
        self._pictures = 0  # taken off the camera by `forget`: a description of an older one comes too late
        self.fact: Fact | None = None

    def see(self, picture: Picture) -> None:
        """The newest picture; it is looked at when the next description is due."""
        if picture.at >= self._next_at:
            self.lane.put(picture)

    def ask(self) -> None:
        """Somebody is about to talk about what is seen: the next picture is due."""
        self._next_at = min(self._next_at, self._link.now())

    def forget(self) -> None:
        """The camera is off: what was described is history."""
        self.fact = None
        self._pictures += 1

    async def run(self) -> None:
        """Until the lane is closed."""
        while True:
            picture, before = await self.lane.get(), self._pictures
            if picture.at < self._next_at:
                continue  # put here while the one before was being described
            self._next_at = picture.at + self._every_s
            try:
                said = await self._captioner.describe(picture.rgb, self._thread.run)
            except BadInput as odd:
                self._link.emit(Notice("warning", "bad_picture", f"A camera picture could not be described: {odd}"))
                continue
            if said and before == self._pictures:
                self.fact = described(said, picture.at)


def described(said: str, at: float) -> Fact:
    """A model's words about a picture taken at `at`."""
    return Fact("description", "description", text=said[:LONGEST_DESCRIPTION], since=at, at=at)


def with_description(scene: SceneBlock, fact: Fact | None) -> SceneBlock:
    """The scene with a model's description among its facts, and in place of the sentence that our rules make."""
    if fact is None or not scene.camera:
        return scene
    return replace(scene, facts=(*scene.facts, fact), description=fact.text)
