"""Stage: has the chosen pictures described by a captioner, for an engine that cannot see.

A description is one more fact about the scene: data, never an instruction. It takes seconds where detection takes
milliseconds, so it has its own thread and a minimum interval, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from dialogue.blocks import Fact, SceneBlock
from dialogue.errors import BadInput
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.link import Link
from stream.runtime.queues import LatestOnly
from vision.picture import Picture

if TYPE_CHECKING:
    from dialogue.image_text.captioner import Captioner

LONGEST_DESCRIPTION = 400  # characters


class Captioning:
    """Describes the pictures of one session. `fact` is the newest description, to be added to the scene."""

    def __init__(self, captioner: Captioner, thread: DeviceThread, every_s: float, link: Link) -> None:
        self._captioner, self._thread, self._link = captioner, thread, link
        self._every_s = every_s
        self.queue: LatestOnly[Picture] = LatestOnly()
        self._next_at = float("-inf")
        self._asked = asyncio.Event()
        self._forgotten = 0  # counts `forget`: a description begun before it is dropped
        self.fact: Fact | None = None

    def see(self, picture: Picture) -> None:
        """Takes a picture that shows something new; the newest is described when a description is due."""
        self.queue.put(picture)

    def ask(self) -> None:
        """Makes the next picture due: a question about the scene may follow."""
        self._next_at = min(self._next_at, self._link.now())
        self._asked.set()

    def confirm(self, picture: Picture, at: float) -> None:
        """The view at `at` is still that of `picture`, and so is its description."""
        if self.fact is not None and self.fact.since == picture.at:
            self.fact = replace(self.fact, at=at)

    def forget(self) -> None:
        """Drops the description: the camera is off."""
        self.fact = None
        self._forgotten += 1

    async def run(self) -> None:
        """Runs until the queue is closed."""
        while True:
            picture = await self.queue.get()
            await self._until_due()
            if len(self.queue):
                picture = await self.queue.get()  # a newer one
            before = self._forgotten
            self._next_at = self._link.now() + self._every_s
            try:
                said = await self._captioner.describe(picture.rgb, self._thread.run)
            except BadInput as odd:
                self._link.emit(Notice("warning", "bad_picture", f"A camera picture could not be described: {odd}"))
                continue
            if said and before == self._forgotten:
                self.fact = _described(said, picture.at)

    async def _until_due(self) -> None:
        while (left_s := self._next_at - self._link.now()) > 0:
            self._asked.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._asked.wait()
            except TimeoutError:
                return


async def captioned(
    scene: SceneBlock, picture: Picture, captioner: Captioner | None, thread: DeviceThread
) -> SceneBlock:
    """The scene with a captioner's description of its picture, where there is a captioner."""
    if captioner is None:
        return scene
    said = await captioner.describe(picture.rgb, thread.run)
    return with_description(scene, _described(said, scene.at) if said else None)


def _described(said: str, at: float) -> Fact:
    """The fact for a model's description of a picture taken at `at`."""
    return Fact("description", "description", text=said[:LONGEST_DESCRIPTION], since=at, at=at)


def with_description(scene: SceneBlock, fact: Fact | None) -> SceneBlock:
    """The scene with a model's description among its facts and in place of the rule-based sentence."""
    if fact is None or not scene.camera:
        return scene
    return replace(scene, facts=(*scene.facts, fact), description=fact.text)
