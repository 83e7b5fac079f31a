"""Samples frames of a video file in order of time.

FFmpeg can be crashed by files that are made for it: `stream.media` runs this in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from vision.picture import Picture

MAX_SIDE = 1920  # pixels; larger frames are reduced
MAX_PIXELS = 8192 * 4320  # of a frame as it is coded
FILE_ONLY = {"protocol_whitelist": "none"}  # playlists and the like open no other file and no address


def frames_of(path: Path | str, every_s: float, max_frames: int) -> Iterator[Picture]:
    """Yields the first frame of every `every_s` seconds, at most `max_frames`, upright, with the video's timestamps.

    Raises ValueError, at the latest at the damaged place, if the file is missing, damaged, cut off, or not a video.
    """
    if every_s <= 0 or max_frames <= 0:
        raise ValueError(f"every_s ({every_s}) and max_frames ({max_frames}) must be positive.")
    with _file(Path(path)) as file, closing(_opened(file, Path(path).name)) as container:
        due, count = float("-inf"), 0
        try:
            for frame in container.decode(_video_stream(container, path)):
                at = max(0.0, float(frame.time or 0.0))
                if at < due:
                    continue
                yield Picture(_upright(frame), at, source="file")
                due, count = at + every_s - 1e-6, count + 1
                if count == max_frames:
                    return
        except MemoryError as error:
            raise ValueError("The video needs too much memory to decode: save it smaller.") from error
        except (av.error.FFmpegError, OSError) as error:
            raise ValueError(f"The video is damaged after {count} pictures ({error}): save it again.") from error
        if not count:
            raise ValueError("The video contains no picture that can be decoded: save it again.")


def _file(path: Path) -> BinaryIO:
    if not path.is_file():
        raise ValueError(f"There is no file {path}: name a video.")
    return path.open("rb")


def _opened(file: BinaryIO, name: str) -> Any:
    try:
        return av.open(file, options=FILE_ONLY)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise ValueError(f"{name} is not a readable video ({error}): save it as MP4 or WebM.") from error


def _video_stream(container: Any, path: Path | str) -> Any:
    """The first video stream that is not the cover picture of a sound file."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.width * stream.height > MAX_PIXELS:
                raise ValueError(f"The video has {stream.width} x {stream.height} pixels: save it smaller.")
            stream.thread_type = "NONE"  # decode on the calling thread
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # the size may change on the way
            return stream
    raise ValueError(f"{Path(path).name} has sound only, no pictures: name a video.")


def _upright(frame: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    scale = min(1.0, MAX_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    rgb = frame.reformat(width, height, "rgb24").to_ndarray()
    quarters = round(getattr(frame, "rotation", 0) / 90) % 4  # counter-clockwise, as phones record it
    return np.ascontiguousarray(np.rot90(rgb, quarters))
