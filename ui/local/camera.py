"""Reads a camera of this machine, a video file or a stream: a few pictures per second, always the newest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from dialogue.errors import BadInput
from stream.runtime.device_thread import DeviceThread
from vision.picture import Picture
from vision.sources.capture import LocalCameraStream, list_cameras
from vision.sources.video_source import VideoSource, is_video_source

EVERY_S = 0.15
NICENESS = 5


def open_camera(named: str | None) -> LocalCameraStream | VideoSource:
    """A camera by its number, a video file by its path, or a stream by its address; None is the first camera.

    Blocks. Raises BadInput where it cannot be opened.
    """
    try:
        if named is not None and not named.isdecimal():
            if not is_video_source(named):
                raise BadInput(f"{named} is neither a camera's number, a video file nor an address (rtsp, http).")
            return VideoSource(named)
        found = [camera.device for camera in list_cameras()]
        if not found or (named is not None and int(named) not in found):
            raise BadInput("This machine has no camera" + (f" {named}." if found else "."))
        return LocalCameraStream(found[0] if named is None else int(named))
    except ValueError as error:
        raise BadInput(str(error)) from error


class LocalCamera:
    """One opened camera or video, as `open_camera` names it. Raises BadInput when it cannot be opened."""

    def __init__(self, named: str | None = None) -> None:
        self._camera = open_camera(named)

    async def watch(self, saw: Callable[[Picture], None]) -> None:
        """Calls `saw` with pictures until cancelled. Raises BadInput when the camera is lost."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        with DeviceThread("camera", NICENESS) as thread:
            try:
                while True:
                    # Every frame is read, since a driver gives old frames to a slow reader.
                    picture = await thread.run(self._camera.read)
                    if picture is not None and loop.time() >= due:
                        due = loop.time() + EVERY_S
                        saw(picture)
            except ValueError as error:
                raise BadInput(str(error)) from error
            finally:
                await thread.run(self._camera.close)  # on its thread: OpenCV crashes if it is closed while it reads


class SharedCamera:
    """One camera or video for all calls of a server. It is open while a call watches."""

    def __init__(self, named: str) -> None:
        """Blocks. Raises BadInput where it cannot be opened now."""
        open_camera(named).close()
        self._named = named
        self._watchers: list[Callable[[Picture], None]] = []
        self._reading = asyncio.Lock()

    @property
    def name(self) -> str:
        """What people may read: without the password of an address."""
        if self._named.isdecimal():
            return f"camera {self._named} of the server"
        return re.sub(r"(?<=://)[^/@]*@", "", self._named)

    async def watch(self, saw: Callable[[Picture], None]) -> None:
        """Calls `saw` with pictures until cancelled. Raises BadInput when the camera is lost.

        The call that came first reads for all; when it ends, the next one opens the camera again.
        """
        self._watchers.append(saw)
        try:
            async with self._reading:
                camera = await asyncio.to_thread(LocalCamera, self._named)
                await camera.watch(self._show)
        finally:
            self._watchers.remove(saw)

    def _show(self, picture: Picture) -> None:
        for saw in self._watchers:
            saw(picture)
