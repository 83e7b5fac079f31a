"""A closer look for an engine that asks for one: a new picture, a part of it enlarged, looked at and read with care.

One call can have several looks at once; they take their turns on the eyes' thread.
"""

from __future__ import annotations

from dialogue.blocks import SceneBlock
from dialogue.errors import BadInput
from dialogue.tools.toolbox import Spot
from stream.perception.watching import FrameWatching, scene_block
from stream.runtime.device_thread import DeviceThread
from vision.box import Box, area
from vision.closer import SIDES, around_thing, enlarged
from vision.look import VisionModels

# How long to wait for a picture taken after the look was asked for.
PATIENCE_S = 1.0


class CloserLook:
    """`dialogue.tools.toolbox.LookCloser` of one session."""

    def __init__(self, vision_models: VisionModels, thread: DeviceThread, watching: FrameWatching) -> None:
        self._vision_models, self._thread, self._watching = vision_models, thread, watching

    async def __call__(self, spot: Spot) -> SceneBlock:
        """Raises BadInput where the camera is off, or the thing is not in view."""
        picture = await self._watching.next_picture(PATIENCE_S)
        if picture is None:
            raise BadInput("the camera is off")
        box = SIDES[spot.side] if not spot.labels else self._box_of(spot.labels)
        look = await self._thread.run(self._vision_models.study, enlarged(picture, box))
        return scene_block(look, picture.at)

    def _box_of(self, labels: tuple[str, ...]) -> Box:
        """The largest of the things of these kinds."""
        found = [box for label, box in self._watching.things() if label in labels]
        if not found:
            raise BadInput(f"no {labels[0]} is in view; look at a side of the picture, or at all of it")
        return around_thing(max(found, key=area))
