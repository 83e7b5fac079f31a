"""The pictures of a video file, a few of them, in order of time. Hears nothing; judges nothing that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np

from vision.picture import Picture

LONGEST_SIDE = 1920  # larger frames come out smaller


def frames_of(path: Path | str, every_s: float, max_frames: int) -> Iterator[Picture]:
    """Every first picture of `every_s` seconds, at most `max_frames`, upright, stamped with the video's own time.

    Raises ValueError, at the latest where the damage is, when the file is missing, damaged, cut off, or no video.
    """
    if every_s <= 0 or max_frames <= 0:
        raise ValueError(f"take a picture every {every_s} s, {max_frames} at most? both must be more than nothing")
    with closing(_opened(Path(path))) as container:
        due, count = float("-inf"), 0
        try:
            for frame in container.decode(_film(container, path)):
                at = max(0.0, float(frame.time or 0.0))
                if at < due:
                    continue
                yield Picture(_upright(frame), at, source="file")
                due, count = at + every_s - 1e-6, count + 1
                if count == max_frames:
                    return
        except (av.error.FFmpegError, OSError) as error:
            raise ValueError(f"the video is damaged after {count} pictures ({error}); save it anew") from error
        if not count:
            raise ValueError("the video holds no picture that can be shown; save it anew")


def _opened(path: Path) -> Any:
    if not path.is_file():
        raise ValueError(f"there is no file {path}; name a video")
    try:
        return av.open(str(path))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ValueError(f"{path.name} is no video that can be read ({error}); save it as MP4 or WebM") from error


def _film(container: Any, path: Path | str) -> Any:
    """The moving pictures, which the cover picture of a song is not."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            stream.thread_type = "NONE"  # one thread, ours
            return stream
    raise ValueError(f"{Path(path).name} has sound only, no pictures; name a video")


def _upright(frame: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    scale = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    rgb = frame.reformat(width, height, "rgb24").to_ndarray()
    quarters = round(getattr(frame, "rotation", 0) / 90) % 4  # counter-clockwise, as phones note it
    return np.ascontiguousarray(np.rot90(rgb, quarters))
