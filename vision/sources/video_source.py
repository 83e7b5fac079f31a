"""Reads a video file or a stream (RTSP, HTTP) in place of a camera. Reading blocks, so it belongs on a worker thread.

A file is played at its own pace and begins again at its end. A stream that breaks off is opened again.
"""

from __future__ import annotations

import math
from pathlib import Path
from time import perf_counter, sleep
from types import TracebackType
from typing import Self

import cv2

from vision.picture import Picture
from vision.sources.capture import rgb_of

OPEN_WITHIN_S, READ_WITHIN_S = 10.0, 10.0
MOST_TRIES = 5  # to open a stream again, before it counts as lost
RETRY_S = 2.0
LONGEST_WAIT_S = 1.0  # for a frame of a file that is due
_ADDRESSES = ("rtsp://", "rtsps://", "http://", "https://")


def is_video_source(named: str) -> bool:
    """Whether this names a stream or an existing file."""
    return named.lower().startswith(_ADDRESSES) or Path(named).is_file()


class VideoSource:
    """An open file or stream. A context manager; `close` may be called twice."""

    def __init__(self, named: str) -> None:
        """Raises ValueError where it cannot be opened."""
        self._named, self._live = named, named.lower().startswith(_ADDRESSES)
        self._began = perf_counter()
        self._began_again = self._began  # the file, at its beginning
        self._capture = self._opened()

    def read(self) -> Picture | None:
        """Waits for the next frame, stamped with the seconds since the source was opened; None where it was closed.

        Raises ValueError once the source is lost.
        """
        for _ in range(MOST_TRIES):
            if not self._capture.isOpened():
                return None
            ok, bgr = self._capture.read()
            if ok and bgr is not None and bgr.size:
                self._wait_until(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                return Picture(rgb_of(bgr), perf_counter() - self._began, "video")
            self._begin_again()
        raise ValueError(f"{self._named} sends no pictures any more.")

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _opened(self) -> cv2.VideoCapture:
        limits = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_WITHIN_S * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(READ_WITHIN_S * 1000)),
        ]
        capture = cv2.VideoCapture(self._named, cv2.CAP_FFMPEG, limits if self._live else [])
        if not capture.isOpened():
            capture.release()
            raise ValueError(
                f"{self._named} cannot be opened as a video: check the address and that it is running."
                if self._live
                else f"{self._named} is not a video that can be read: save it as MP4 or WebM."
            )
        return capture

    def _begin_again(self) -> None:
        self._capture.release()
        if self._live:
            sleep(RETRY_S)
        self._capture, self._began_again = self._opened(), perf_counter()

    def _wait_until(self, due_s: float) -> None:
        """Until the frame of a file is due; a stream sends its frames in time."""
        if not self._live and math.isfinite(due_s):
            sleep(min(max(0.0, self._began_again + due_s - perf_counter()), LONGEST_WAIT_S))
