"""Stage: camera frames to the scene, by detection and OCR on chosen frames, and to the pictures that models see.

Takes the newest frame only, and processes it when the view has changed, when an update is due, or at once when a
question begins. A reply that needs the scene awaits `fresh`, one that needs a picture `fresh_picture`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from dialogue.blocks import CameraTrouble, SceneBlock
from dialogue.text.scene_description import DARK, trouble_description
from stream.models.setup import VisionSettings
from stream.perception.captioning import Captioning, with_description
from stream.perception.known_frames import KnownFrames
from stream.perception.picture_detail import PictureDetail
from stream.perception.seen_scene import scene_block
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice, SceneSeen, SeenObject, SeenText
from stream.runtime.link import Link
from stream.runtime.queues import LatestOnly
from vision.box import Box
from vision.frames.camera_trouble import Stream
from vision.frames.change import moved, sketch
from vision.frames.picture_choice import PictureChoiceSettings
from vision.frames.sampling import Choice, FrameChooser, FrameSamplingSettings
from vision.picture import Picture
from vision.scene_event import SceneEvent
from vision.seeing.look import SceneUpdate, VisionModels

# A camera that has sent nothing for this long counts as off, and its scene as past; one that sent a steady stream has
# stopped much sooner (`vision.frames.camera_trouble`), and what it showed counts as past until it goes on.
GONE_S = 5.0
# Patience for the first update: until then nothing is known about the picture, and "I see nothing" would be wrong.
FIRST_LOOK_S = 4.0


class SceneWatcher(Protocol):
    """Follows the scene; quick."""

    @property
    def attentive(self) -> bool:
        """Whether something is watched for, so that each change counts soon."""
        ...

    def see(self, scene: SceneBlock) -> None: ...
    def happened(self, events: Sequence[SceneEvent]) -> None: ...


class VideoPerception:
    """The video perception of one session. Without `vision_models` it only chooses pictures, for an engine that sees.

    `chosen` is the newest picture that is worth a model's attention. `pictures` is the budget that its context sets.
    `on_look` is awaited after each update of the scene; `watcher` gets each scene, and what changed in it.
    """

    def __init__(
        self,
        *,
        vision_models: VisionModels | None,
        thread: DeviceThread,
        settings: VisionSettings,
        link: Link,
        captioning: Captioning | None = None,
        pictures: PictureChoiceSettings | None = None,
        on_look: Callable[[], Awaitable[None]] | None = None,
        watcher: SceneWatcher | None = None,
    ) -> None:
        self._on_look, self._watcher = on_look, watcher
        self._vision_models, self._thread, self._link, self._captioning = vision_models, thread, link, captioning
        self.queue: LatestOnly[Picture] = LatestOnly()
        self._sampling = FrameSamplingSettings(
            looks_per_s=settings.looks_per_s,
            read_every_s=settings.read_every_s,
            pictures=pictures or PictureChoiceSettings(),
        )
        self._chooser = FrameChooser(self._sampling)
        self._stream = Stream()
        self._look = SceneUpdate()
        self._asked_at: float | None = None
        self._known = KnownFrames()
        self._came = asyncio.Event()  # set at each picture
        self._chose = asyncio.Event()  # set after each choice
        self._on = True
        self.detail = PictureDetail(settings.hd)  # of the pictures that a model sees
        self._frozen = self._dark = False
        self.newest: Picture | None = None
        self.chosen: Picture | None = None
        self.scene = SceneBlock((), "", 0.0, camera=False)

    def see(self, picture: Picture) -> None:
        """Takes a camera frame; ignored while the camera is switched off."""
        if self._on:
            self.newest = picture
            self._stream.came(picture.at)
            self._came.set()
            self.queue.put(picture)

    def ask(self) -> None:
        """Requests a full update from the next frame: a question about the scene may follow."""
        self._asked_at = self._link.now()
        if self._captioning is not None:
            self._captioning.ask()

    @property
    def camera(self) -> bool:
        """Whether the camera is on and sends pictures."""
        return self._on and self.newest is not None and self._link.now() - self.newest.at < GONE_S and not self.trouble

    @property
    def trouble(self) -> CameraTrouble:
        """Why a camera that is on shows nothing new; empty where it does, or is off."""
        if not self._on or self.newest is None or self._link.now() - self.newest.at >= GONE_S:
            return ""
        return "stopped" if self._link.now() >= self._stream.ends_at else "frozen" if self._frozen else ""

    @property
    def blind(self) -> str:
        """Why nothing is to be seen although the camera is on, as a sentence; empty where something is."""
        return trouble_description(self.trouble) or (DARK if self._dark and self.camera else "")

    async def fresh(self, since: float, patience_s: float, *, texts: bool = False) -> SceneBlock:
        """The scene from a full update on a frame taken after `since`, or the newest scene after `patience_s`; after
        FIRST_LOOK_S where there is no scene yet. The newest one at once where `patience_s` is 0. `texts`: only texts
        are asked for, so a frame with the same writing as the one that was read is enough."""
        if self._sees() and self._vision_models is not None and patience_s:
            patience_s = patience_s if self._known.any else max(patience_s, FIRST_LOOK_S)
            await self._known.wait(since, patience_s, texts=texts)
        return self.scene

    async def fresh_picture(self, patience_s: float) -> Picture | None:
        """The picture that was chosen for the newest question, or the newest one after `patience_s`; None while the
        camera shows nothing."""
        try:
            async with asyncio.timeout(patience_s):
                while self.camera and (self.chosen is None or self._asked_at is not None):
                    self._chose.clear()
                    await self._chose.wait()
        except TimeoutError:
            pass
        if not self._sees():
            return None
        return self.newest if self._asked_at is not None or self.chosen is None else self.chosen

    async def same_view(self, before: Picture, after: Picture) -> bool:
        """Whether two pictures show the same."""
        return not await self._thread.run(lambda: moved(sketch(before.rgb), sketch(after.rgb)))

    def _sees(self) -> bool:
        """Whether the camera shows something now. The scene of one that was lost is cleared."""
        if not self.camera and not self.trouble:
            self._clear()
        return self.camera

    async def next_picture(self, patience_s: float) -> Picture | None:
        """A picture taken from now on, or the newest after `patience_s`; None while the camera is off."""
        since = self._link.now()
        try:
            async with asyncio.timeout(patience_s):
                while self.camera and self.newest is not None and self.newest.at < since:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            pass
        return self.newest if self.camera else None

    @property
    def page(self) -> list[str]:
        """The text in view, row by row; of a page that was shown part after part, all of it."""
        return self._look.page.rows

    async def read_closely(self) -> list[str]:
        """`page` after a closer look at the newest picture."""
        picture = self.newest if self.camera else None
        if self._vision_models is not None and picture is not None:
            await self._thread.run(self._vision_models.read_page, self._look, picture)
        return self.page

    def things(self) -> list[tuple[str, Box]]:
        """The objects in view: (label of the detector, box)."""
        return [(track.label, track.box) for track in self._look.tracks()]

    def switch(self, on: bool) -> None:
        """Turns the camera on or off."""
        self._on = on
        if not on:
            self._clear()

    def _clear(self) -> None:
        if self.newest is None and not self.scene.camera:
            return
        self.newest = self.chosen = None
        self._known.forget()
        self._chooser = FrameChooser(self._sampling)  # what it has seen is not in the scene any more
        self._stream = Stream()
        self._look.camera_lost(self._link.now())
        if self._captioning is not None:
            self._captioning.forget()
        self.scene = scene_block(self._look, self._link.now(), camera=False)
        self._emit_scene(camera=False)

    async def run(self) -> None:
        """Runs until the queue is closed."""
        while True:
            picture = await self._next()
            asked = self._asked_at is not None and picture.at >= self._asked_at
            self._chooser.attentive = self._watcher is not None and self._watcher.attentive
            choice = await self._thread.run(self._chooser.offer, picture, self._link.now(), asked)
            if not self._on:
                continue  # switched off meanwhile
            if asked:
                self._asked_at = None
            self._choose(choice)
            if choice.frozen != self._frozen:
                self._frozen = choice.frozen
                if self._frozen:
                    self._publish_trouble()
            if choice.is_read and self.scene.camera and not self._frozen:
                self._known.read(picture.at)
            if self._frozen or not (choice.detect or choice.read):
                continue
            try:
                await self._look_at(picture, choice)
            except ValueError as error:
                self._link.emit(Notice("warning", "bad_picture", f"A camera picture could not be used: {error}."))

    async def _next(self) -> Picture:
        """The next picture. Publishes meanwhile that the camera has stopped."""
        stops_in_s = self._stream.ends_at - self._link.now()
        if self._on and 0 < stops_in_s < float("inf"):
            try:
                async with asyncio.timeout(stops_in_s):
                    return await self.queue.get()
            except TimeoutError:
                if self.trouble:
                    self._publish_trouble()
        return await self.queue.get()

    def _choose(self, choice: Choice) -> None:
        self._dark = choice.dark
        if choice.shown is not None:
            self.chosen = choice.shown
            if self._captioning is not None:
                self._captioning.see(choice.shown)
        elif choice.unchanged and self.chosen is not None and self._captioning is not None:
            self._captioning.confirm(self.chosen, self._link.now())
        self._chose.set()

    def _publish_trouble(self) -> None:
        """What was in view is past until the camera goes on."""
        now, trouble = self._link.now(), self.trouble
        changes = scene_block(self._look, now).changes
        self.scene = SceneBlock((), trouble_description(trouble), now, False, changes, trouble)
        self._emit_scene(camera=False)

    async def _look_at(self, picture: Picture, choice: Choice) -> None:
        """Detects, then reads: what came and went is known before the texts. The scene of a view that was read before
        is complete before it is read again."""
        if self._vision_models is None:
            return  # an engine that sees takes the pictures themselves
        if choice.detect:
            await self._thread.run(self._vision_models.glance, self._look, picture)
            await self._update(picture, complete=choice.is_read)
        if choice.read:
            await self._thread.run(self._vision_models.read, self._look, picture)
            await self._update(picture, complete=choice.detect)

    async def _update(self, picture: Picture, complete: bool) -> None:
        """Makes the scene of what was found. `complete`: it holds the objects and the texts of this picture.

        The scene has the picture's time: on a busy machine it is known seconds later, and what it shows is not stale.
        """
        if not self._on or self.newest is None:
            return  # switched off or lost meanwhile
        fact = self._captioning.fact if self._captioning is not None else None
        self.scene = with_description(scene_block(self._look, picture.at), fact)
        if complete:
            self._known.looked(picture.at)
        self._emit_scene(camera=True)
        if (events := self._look.scene.take_new_events()) and self._watcher is not None:
            self._watcher.happened(events)
        if self._on_look is not None:
            await self._on_look()

    def _emit_scene(self, camera: bool) -> None:
        look = self._look
        objects = tuple(SeenObject(t.label, t.score, t.box) for t in look.tracks()) if camera else ()
        texts = tuple(SeenText(line.text, line.box) for line in look.lines()) if camera else ()
        self._link.emit(SceneSeen(self._link.now(), objects, texts, self.scene.description, camera))
        if self._watcher is not None:
            self._watcher.see(self.scene)
