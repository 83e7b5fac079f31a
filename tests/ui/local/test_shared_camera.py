"""One camera serves several calls, in place of the cameras of their pages.

Also tests `camera.py`, `ui/call/server_camera.py` and `ui/commands/options/camera_option.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest

from dialogue.errors import BadInput
from stream.runtime.events import DeviceLost, DeviceSwitched, FrameReceived, Notice, SessionEnded, TextTyped
from ui.call.server_camera import CameraSession
from ui.command_line import parser
from ui.commands.options.camera_option import camera_sessions
from ui.local.camera import SharedCamera
from vision.picture import Picture


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("camera") / "film.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 20, (64, 48))
    for _ in range(40):
        writer.write(np.full((48, 64, 3), 120, np.uint8))
    writer.release()
    return path


class KeepingSession:
    """A session that keeps what it gets, until it has seen two pictures."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.seen = asyncio.Event()

    def now(self) -> float:
        return 7.5

    def push(self, event: Any) -> None:
        self.got.append(event)
        if sum(isinstance(each, FrameReceived) for each in self.got) >= 2:
            self.seen.set()

    async def run(self) -> None:
        await self.seen.wait()

    async def events(self) -> AsyncIterator[Any]:
        yield SessionEnded("over")


def test_two_calls_see_the_film_and_the_second_goes_on_when_the_first_ends(film: str) -> None:
    async def story() -> None:
        camera = SharedCamera(film)
        first, second = KeepingSession(), KeepingSession()
        async with asyncio.timeout(20):
            await asyncio.gather(*(CameraSession(cast(Any, each), camera).run() for each in (first, second)))
            third = KeepingSession()
            await CameraSession(cast(Any, third), camera).run()
        for each in (first, second, third):
            assert {event.picture.at for event in each.got} == {7.5}
            assert each.got[0].picture.rgb.shape == (48, 64, 3)

    asyncio.run(story())


def test_the_pages_camera_is_ignored_and_the_caller_learns_where_pictures_come_from(film: str) -> None:
    async def story() -> None:
        inner, camera = KeepingSession(), SharedCamera(film)
        session = CameraSession(cast(Any, inner), camera)
        picture = Picture(np.zeros((4, 4, 3), np.uint8), 0.0)
        for event in (FrameReceived(picture), DeviceLost("camera", "unplugged"), TextTyped("hello")):
            session.push(event)
        session.push(DeviceSwitched(microphone=False, camera=False))
        assert inner.got == [TextTyped("hello"), DeviceSwitched(microphone=False)]
        first, *others = [event async for event in session.events()]
        assert isinstance(first, Notice) and film in first.text
        assert others == [SessionEnded("over")]

    asyncio.run(story())


def test_a_camera_that_is_lost_is_said_in_the_call(film: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        inner, camera = KeepingSession(), SharedCamera(film)
        monkeypatch.setattr(camera, "_named", f"{film}.gone")
        running = asyncio.create_task(CameraSession(cast(Any, inner), camera).run())
        async with asyncio.timeout(10):
            while not inner.got:  # noqa: ASYNC110 - the observed state has nothing to await
                await asyncio.sleep(0.01)
        running.cancel()
        assert isinstance(inner.got[0], DeviceLost) and inner.got[0].device == "camera"

    asyncio.run(story())


def test_a_password_in_an_address_is_not_shown(film: str, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = SharedCamera(film)
    for named, shown in (("rtsp://me:secret@10.0.0.7/live", "rtsp://10.0.0.7/live"), ("2", "camera 2 of the server")):
        monkeypatch.setattr(camera, "_named", named)
        assert camera.name == shown


def test_a_source_that_cannot_be_opened_ends_the_command(tmp_path: Path, film: str) -> None:
    assert camera_sessions(parser().parse_args(["run"])) is None
    assert camera_sessions(parser().parse_args(["run", "--camera", film])) is not None
    with pytest.raises(BadInput, match="neither a camera's number"):
        camera_sessions(parser().parse_args(["run", "--camera", str(tmp_path / "missing.mp4")]))
