"""A camera of this machine -> pictures, a few a second and always the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dialogue.errors import BadInput
from stream.runtime.device_thread import DeviceThread
from vision.capture import LocalCameraStream, list_cameras
from vision.picture import Picture

EVERY_S = 0.15
NICENESS = 5


class LocalCamera:
    """Opens the device at once, the first one unless told otherwise. Raises BadInput where none works."""

    def __init__(self, number: int | None = None) -> None:
        found = [camera.device for camera in list_cameras()]
        if not found or (number is not None and number not in found):
            raise BadInput("this machine has no camera" + (f" {number}" if found else ""))
        try:
            self._camera = LocalCameraStream(found[0] if number is None else number)
        except ValueError as error:
            raise BadInput(str(error)) from error

    async def watch(self, saw: Callable[[Picture], None]) -> None:
        """Calls `saw` until cancelled. Raises BadInput when the camera is gone."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        with DeviceThread("camera", NICENESS) as thread, self._camera:
            while True:
                # Every frame is taken, since a driver keeps old ones for whoever reads slowly.
                try:
                    picture = await thread.run(self._camera.read)
                except ValueError as error:
                    raise BadInput(str(error)) from error
                if picture is not None and loop.time() >= due:
                    due = loop.time() + EVERY_S
                    saw(picture)
