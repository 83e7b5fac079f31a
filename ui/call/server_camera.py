"""A camera of the server for its calls, in place of the pages' cameras."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from dialogue.errors import BadInput
from stream.runtime.events import DeviceLost, DeviceSwitched, Expressed, FrameReceived, Notice, Perceived
from ui.call.call_session import CallSession, SoundOut
from ui.local.camera import SharedCamera
from vision.picture import Picture


class CameraSession:
    """A session that sees through `camera`: pictures and the camera's switch of its page are ignored."""

    def __init__(self, session: CallSession, camera: SharedCamera) -> None:
        self._session, self._camera = session, camera

    @property
    def playback(self) -> SoundOut:
        return self._session.playback

    @property
    def dropped(self) -> Mapping[str, int]:
        return self._session.dropped

    @property
    def recorded(self) -> bool:
        return self._session.recorded

    async def run(self) -> None:
        """Runs the session, and the camera for as long."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch(), name="server's camera")
            await self._session.run()
            watching.cancel()

    def now(self) -> float:
        return self._session.now()

    def push(self, event: Perceived) -> None:
        match event:
            case FrameReceived() | DeviceLost(device="camera"):
                return
            case DeviceSwitched():
                self._session.push(replace(event, camera=None))
            case _:
                self._session.push(event)

    async def events(self) -> AsyncIterator[Expressed]:
        yield Notice("info", "server_camera", f"The pictures of this call come from {self._camera.name}.")
        async for event in self._session.events():
            yield event

    def close(self, reason: str) -> None:
        self._session.close(reason)

    async def _watch(self) -> None:
        try:
            await self._camera.watch(self._saw)
        except BadInput as error:
            self._session.push(DeviceLost("camera", str(error)))

    def _saw(self, picture: Picture) -> None:
        self._session.push(FrameReceived(replace(picture, at=self._session.now())))
