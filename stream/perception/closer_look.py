"""Takes a closer look for an engine: a new picture, part of it enlarged, then detection and OCR at full effort.

A call can have several at once; they run one after the other on the vision thread.
"""

from __future__ import annotations

from dialogue.blocks import SceneBlock
from dialogue.errors import BadInput
from dialogue.tools.toolbox import Spot
from stream.perception.seen_scene import scene_block
from stream.perception.video_perception import VideoPerception
from stream.runtime.device_thread import DeviceThread
from vision.box import Box, area
from vision.closer import SIDES, around_thing, enlarged
from vision.seeing.look import VisionModels

# How long to wait for a picture taken after the request.
PATIENCE_S = 1.0


class CloserLook:
    """`dialogue.tools.toolbox.LookCloser` of one session."""

    def __init__(self, vision_models: VisionModels, thread: DeviceThread, watching: VideoPerception) -> None:
        self._vision_models, self._thread, self._watching = vision_models, thread, watching

    async def __call__(self, spot: Spot) -> SceneBlock:
        """Raises BadInput where the camera is off, or the thing is not in view."""
        picture = await self._watching.next_picture(PATIENCE_S)
        if picture is None:
            raise BadInput("the camera is off; the user may switch it on")
        box = SIDES[spot.side] if not spot.labels else self._box_of(spot.labels)
        look = await self._thread.run(self._vision_models.study, enlarged(picture, box))
        return scene_block(look, picture.at)

    def _box_of(self, labels: tuple[str, ...]) -> Box:
        """Around the largest object of these kinds."""
        found = [box for label, box in self._watching.things() if label in labels]
        if not found:
            raise BadInput(f"no {labels[0]} is in view; look at a side of the picture, or at all of it")
        return around_thing(max(found, key=area))
