"""Stage: camera frames -> chosen looks -> the scene.

Takes the newest frame only, looks when the picture changed, when it is due, or at once when somebody asks.
Knows nothing of turns; whoever answers awaits `fresh`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dialogue.blocks import Fact, SceneBlock
from stream.models.setup import Setup
from stream.perception.captioning import Captioning, with_description
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice, SceneSeen, SeenObject, SeenText
from stream.runtime.lanes import LatestOnly
from stream.runtime.link import Link
from vision.box import Box
from vision.look import SceneUpdate, VisionModels
from vision.picture import Picture
from vision.sampling import FrameChooser, FrameSamplingSettings

# A camera that has sent nothing for so long is off, whatever it says: the scene it left is history.
GONE_S = 5.0


class FrameWatching:
    """The eyes of one session; without `vision_models` it keeps the newest picture for an engine that sees."""

    def __init__(
        self,
        vision_models: VisionModels | None,
        thread: DeviceThread,
        setup: Setup,
        link: Link,
        captioning: Captioning | None = None,
    ) -> None:
        self._vision_models, self._thread, self._link, self._captioning = vision_models, thread, link, captioning
        self.lane: LatestOnly[Picture] = LatestOnly()
        self._chooser = FrameChooser(
            FrameSamplingSettings(looks_per_s=setup.looks_per_s, read_every_s=setup.read_every_s)
        )
        self._look = SceneUpdate()
        self._asked_at: float | None = None
        self._looked_at = -1.0  # capture time of the newest frame that was both looked at and read
        self._looked = asyncio.Event()
        self._came = asyncio.Event()  # a picture
        self._on = True
        self.newest: Picture | None = None
        self.scene = SceneBlock((), "", 0.0, camera=False)
        self.on_look: Callable[[], Awaitable[None]] | None = None  # after each look

    def see(self, picture: Picture) -> None:
        if self._on:
            self.newest = picture
            self._came.set()
            self.lane.put(picture)
            if self._captioning is not None:
                self._captioning.see(picture)

    def ask(self) -> None:
        """Somebody is about to talk about what is seen: look at the next frame closely."""
        self._asked_at = self._link.now()
        if self._captioning is not None:
            self._captioning.ask()

    @property
    def camera(self) -> bool:
        """Whether there is a picture to speak of."""
        return self._on and self.newest is not None and self._link.now() - self.newest.at < GONE_S

    async def fresh(self, since: float, patience_s: float) -> SceneBlock:
        """The scene from a close look at a frame taken after `since`, or the newest there is when patience ends."""
        if not self.camera:
            self._lose()
            return self.scene
        if self._vision_models is None:
            return self.scene
        try:
            async with asyncio.timeout(patience_s):
                while self._looked_at < since:
                    self._looked.clear()
                    await self._looked.wait()
        except TimeoutError:
            pass
        return self.scene

    async def next_picture(self, patience_s: float) -> Picture | None:
        """One taken from now on, or the newest there is when patience ends; None while there is no camera."""
        since = self._link.now()
        try:
            async with asyncio.timeout(patience_s):
                while self.camera and self.newest is not None and self.newest.at < since:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            pass
        return self.newest if self.camera else None

    def things(self) -> list[tuple[str, Box]]:
        """What is in view, by the names our eyes have for it, and where."""
        return [(track.label, track.box) for track in self._look.tracks()]

    def switch(self, on: bool) -> None:
        """The user turned the camera on or off."""
        self._on = on
        if not on:
            self._lose()

    def _lose(self) -> None:
        if self.newest is None and not self.scene.camera:
            return
        self.newest = None
        self._look.camera_lost(self._link.now())
        if self._captioning is not None:
            self._captioning.forget()
        self.scene = scene_block(self._look, self._link.now(), camera=False)
        self._show(camera=False)

    async def run(self) -> None:
        """Until the lane is closed."""
        while True:
            picture = await self.lane.get()
            asked = self._asked_at is not None and picture.at >= self._asked_at
            choice = self._chooser.offer(picture, self._link.now(), asked=asked)
            if not (choice.detect or choice.read):
                continue
            if asked:
                self._asked_at = None
            try:
                await self._look_at(picture, choice.detect, choice.read)
            except ValueError as odd:
                self._link.emit(Notice("warning", "bad_picture", f"A camera picture could not be used: {odd}."))

    async def _look_at(self, picture: Picture, detect: bool, read: bool) -> None:
        if self._vision_models is None:
            return  # the engine sees for itself
        if detect:
            await self._thread.run(self._vision_models.glance, self._look, picture)
        if read:
            await self._thread.run(self._vision_models.read, self._look, picture)
        if not self._on:
            return  # switched off while we looked
        fact = self._captioning.fact if self._captioning is not None else None
        self.scene = with_description(scene_block(self._look, self._link.now()), fact)
        if detect and read:
            self._looked_at = picture.at
            self._looked.set()
        self._show(camera=True)
        if self.on_look is not None:
            await self.on_look()

    def _show(self, camera: bool) -> None:
        look = self._look
        objects = tuple(SeenObject(t.label, t.score, t.box) for t in look.tracks()) if camera else ()
        texts = tuple(SeenText(line.text, line.box) for line in look.lines()) if camera else ()
        self._link.emit(SceneSeen(self._link.now(), objects, texts, self.scene.description, camera))


def scene_block(look: SceneUpdate, at: float, camera: bool = True) -> SceneBlock:
    """What the eyes make of all they were shown, as the mind is told it."""
    scene = look.scene
    facts = tuple(
        Fact(f.kind, f.label, f.count, f.place, f.distance, f.colour, f.text, f.since, f.at) for f in scene.facts()
    )
    return SceneBlock(facts, scene.description(), at, camera, scene.changes())
