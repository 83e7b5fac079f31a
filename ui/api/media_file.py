"""Reads picture, sound and video files as Picture and Chunk, in order of time.

Every function raises BadInput, with the name of the file, for a file that cannot be read.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from PIL import Image, UnidentifiedImageError

import audio.sound_file
from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import resample_whole
from dialogue.errors import BadInput
from vision.picture import Picture
from vision.picture_file import open_picture
from vision.video_file import frames_of

Kind = Literal["picture", "sound", "video"]

LONGEST_SOUND_S = 3600.0
MOST_PICTURES = 100_000  # of a video
CHUNK_SAMPLES = HEARING_RATE_HZ // 50  # 20 ms, as in a call


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    kind: Kind
    has_sound: bool = False


def contents(path: Path) -> Contents:
    """The contents of a file, independent of its name. Raises BadInput when it holds neither pictures nor sound."""
    _check_file(path)
    if _is_picture(path):
        return Contents("picture")
    try:
        with av.open(str(path)) as container:
            pictures, sound = _has_video(container), bool(container.streams.audio)
            still = container.format.name.endswith("_pipe")
    except (av.error.FFmpegError, ValueError) as error:
        raise BadInput(f"{path.name} is not a picture, sound or video that can be read.") from error
    if still:
        raise BadInput(f"{path.name} is a picture in an unsupported format. Save it as JPEG or PNG.")
    if not pictures and not sound:
        raise BadInput(f"{path.name} holds neither pictures nor sound.")
    return Contents("video" if pictures else "sound", sound)


def read_picture(path: Path) -> Picture:
    """The picture, turned upright as its metadata says."""
    _check_file(path)
    with _naming(path):
        return open_picture(path)


def read_sound(path: Path) -> Samples:
    """The whole sound of a file: float32 mono at 16 kHz. A damaged file is refused."""
    _check_file(path)
    with _naming(path):
        whole = audio.sound_file.read_sound(path, LONGEST_SOUND_S)
    return resample_whole(whole.samples, whole.rate, HEARING_RATE_HZ)


def perceive(path: Path, pictures_per_s: float = 8.0) -> Iterator[Chunk | Picture]:
    """A sound or video file like the input of a call: 20 ms chunks without gaps, and pictures, in order of time."""
    found = contents(path)
    if found.kind == "picture":
        raise BadInput(f"{path.name} is a still picture. Name a sound or video file.")
    sources: list[Iterator[Chunk | Picture]] = []
    if found.has_sound:
        sources.append(_chunks(read_sound(path)))
    if found.kind == "video":
        sources.append(_pictures(path, pictures_per_s))
    return heapq.merge(*sources, key=lambda each: each.start_s if isinstance(each, Chunk) else each.at)


def _chunks(samples: Samples) -> Iterator[Chunk]:
    """Chunks of CHUNK_SAMPLES; the last one is padded with silence."""
    whole = np.pad(samples, (0, -len(samples) % CHUNK_SAMPLES))
    for start in range(0, len(whole), CHUNK_SAMPLES):
        yield Chunk(whole[start : start + CHUNK_SAMPLES], HEARING_RATE_HZ, start)


def _pictures(path: Path, per_s: float) -> Iterator[Picture]:
    with _naming(path):
        yield from frames_of(path, 1 / per_s, MOST_PICTURES)


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True  # a damaged picture: reading it raises the error


def _has_video(container: av.container.InputContainer) -> bool:
    """Whether the file has a video stream; the cover picture of a song is none."""
    attached = av.stream.Disposition.attached_pic
    return any(not stream.disposition & attached for stream in container.streams.video)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Name a file.")
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadInput(f"{path.name} is empty.")
    except PermissionError as error:
        raise BadInput(f"There is no permission to read {path}.") from error


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns a ValueError of the block into BadInput that names the file."""
    try:
        yield
    except ValueError as error:
        message = str(error)
        raise BadInput(message if path.name in message else f"{path.name}: {message}") from error
