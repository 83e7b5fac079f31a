"""The local camera: a recorded video replaces the device."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.sources.capture import CameraDevice, LocalCameraStream, list_cameras


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A video of five orange frames, which replaces a camera that is then unplugged."""
    path = str(tmp_path_factory.mktemp("camera") / "camera.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), (0, 128, 255), np.uint8))  # blue, green, red
    writer.release()
    return path


def test_pictures_are_rgb_with_the_time_of_the_session_clock(recording: str) -> None:
    ticks = iter([10.0, 10.1])
    with LocalCameraStream(recording, clock=lambda: next(ticks)) as camera:
        first, second = camera.read(), camera.read()
    assert first is not None
    assert second is not None
    assert (first.at, second.at, first.source) == (10.0, 10.1, "camera")
    assert first.rgb.shape == (48, 64, 3)
    assert np.abs(first.rgb[24, 32].astype(int) - (255, 128, 0)).max() < 12


def test_without_a_clock_time_starts_when_the_camera_opens(recording: str) -> None:
    with LocalCameraStream(recording) as camera:
        first, second = camera.read(), camera.read()
    assert first is not None
    assert second is not None
    assert 0 <= first.at <= second.at < 60


def test_an_unplugged_camera_raises_an_error(recording: str) -> None:
    with LocalCameraStream(recording) as camera:
        assert sum(camera.read() is not None for _ in range(5)) == 5
        with pytest.raises(ValueError, match="sends no pictures any more"):
            for _ in range(10):
                assert camera.read() is None


def test_a_closed_camera_returns_no_picture(recording: str) -> None:
    camera = LocalCameraStream(recording)
    camera.close()
    camera.close()
    assert camera.read() is None


def test_a_missing_camera_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be opened: plug it in"):
        LocalCameraStream(str(tmp_path / "no camera"))


@pytest.mark.skipif("sys.platform != 'linux'", reason="the kernel lists cameras on Linux only")
def test_cameras_are_listed_once_each(tmp_path: Path) -> None:
    for node, index, name in (("video2", "0", "Desk camera"), ("video3", "1", "Desk camera"), ("video0", "0", "Lid")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(f"{index}\n")
        (tmp_path / node / "name").write_text(f"{name}\n")
    assert list_cameras(tmp_path) == [CameraDevice(0, "Lid"), CameraDevice(2, "Desk camera")]
    assert list_cameras(tmp_path / "none") == []
