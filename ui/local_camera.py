"""A camera of this machine -> pictures, a few a second and always the newest."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from dialogue.errors import BadInput
from stream.device_thread import DeviceThread
from vision.picture import Pixels

WIDTH, HEIGHT = 640, 480
LOST_AFTER = 10  # frames in a row that did not come


class LocalCamera:
    """Opens the device at once. Raises BadInput where there is none that works."""

    def __init__(self, number: int = 0) -> None:
        if sys.platform == "linux" and not Path(f"/dev/video{number}").exists():
            raise BadInput(f"this machine has no camera {number}")  # asking OpenCV would print its own opinion
        self._device = cv2.VideoCapture(number)
        self._device.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        self._device.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
        if not self._device.isOpened():
            self._device.release()
            raise BadInput(f"camera {number} cannot be opened: close other programs that use it")

    async def watch(self, saw: Callable[[Pixels], None], every_s: float = 0.15) -> None:
        """Calls `saw` with RGB pixels until cancelled. Raises BadInput when the camera is gone."""
        loop = asyncio.get_running_loop()
        due, missing = loop.time(), 0
        with DeviceThread("camera", niceness=5) as thread:
            try:
                while missing < LOST_AFTER:
                    # Every frame is taken, since a driver keeps old ones for whoever reads slowly.
                    worked, frame = await thread.run(self._device.read)
                    missing = 0 if worked else missing + 1
                    if worked and loop.time() >= due:
                        due = loop.time() + every_s
                        saw(np.ascontiguousarray(frame[:, :, ::-1]))
                raise BadInput("the camera gives no more pictures")
            finally:
                await thread.run(self._device.release)
