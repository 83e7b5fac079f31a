"""Reads the camera of this machine through OpenCV. Reading blocks, so it belongs on a worker thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.picture import Picture, Pixels

_MAX_FAILURES = 5  # consecutive reads without a picture before the camera counts as lost
_PROBED = 4  # device numbers that are tried if the system does not list its cameras


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera that `LocalCameraStream(device)` opens by its number."""

    device: int
    name: str


class LocalCameraStream:
    """An open camera. A context manager; `close` may be called twice."""

    def __init__(
        self,
        device: int | str = 0,
        width: int = 1280,
        height: int = 720,
        fps: float = 15.0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`device` is a number, or the path of a video that replaces a camera.

        `width`, `height` and `fps` are requests that the camera may not meet. `clock` stamps the pictures; the
        default counts the seconds since the camera was opened. Raises ValueError if there is no such camera.
        """
        began = perf_counter()
        self._clock = clock or (lambda: perf_counter() - began)
        self._device = device
        self._failures = 0
        self._capture = cv2.VideoCapture(device)
        if not self._capture.isOpened():
            self._capture.release()
            raise ValueError(
                f"Camera {device} cannot be opened: plug it in, close other programs that use it, "
                "and give this program access to it."
            )
        for setting, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, width),
            (cv2.CAP_PROP_FRAME_HEIGHT, height),
            (cv2.CAP_PROP_FPS, fps),
            (cv2.CAP_PROP_BUFFERSIZE, 1),  # one frame: buffered frames are stale
        ):
            self._capture.set(setting, value)

    def read(self) -> Picture | None:
        """Wait for the next frame; None if a read failed or the camera was closed.

        Raises ValueError once the camera is lost.
        """
        if not self._capture.isOpened():
            return None
        ok, bgr = self._capture.read()
        if not ok or bgr is None or not bgr.size:
            self._failures += 1
            if self._failures >= _MAX_FAILURES:
                raise ValueError(f"Camera {self._device} sends no pictures any more: plug it in again and restart.")
            return None
        self._failures = 0
        return Picture(rgb_of(bgr), self._clock())

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def rgb_of(frame: NDArray[Any]) -> Pixels:
    """A frame of OpenCV, BGR or grey, as uint8 (h, w, 3) in RGB."""
    rgb = cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB if frame.ndim == 2 else cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(rgb, np.uint8)


def list_cameras(devices: Path = Path("/sys/class/video4linux")) -> list[CameraDevice]:
    """The cameras of this machine: on Linux those listed in `devices`; elsewhere the first few numbers are tried."""
    if sys.platform == "linux":
        return sorted(_listed(devices), key=lambda camera: camera.device)
    return [CameraDevice(device, f"camera {device}") for device in range(_PROBED) if _opens(device)]


def _listed(devices: Path) -> list[CameraDevice]:
    """The cameras that the kernel lists. A camera may have several nodes; the one with index 0 sends pictures."""
    cameras: list[CameraDevice] = []
    for node in devices.glob("video[0-9]*"):
        index, name = node / "index", node / "name"
        if not index.is_file() or index.read_text().strip() == "0":
            title = name.read_text().strip() if name.is_file() else node.name
            cameras.append(CameraDevice(int(node.name.removeprefix("video")), title))
    return cameras


def _opens(device: int) -> bool:
    capture = cv2.VideoCapture(device)
    try:
        return bool(capture.isOpened())
    finally:
        capture.release()
