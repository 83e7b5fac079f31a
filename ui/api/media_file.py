"""Files of pictures, sound and video -> Picture and Chunk, in order of time. Reads; judges nothing it shows or says.

Whatever is wrong with a file is a BadInput that names it.
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
CHUNK_SAMPLES = HEARING_RATE_HZ // 50  # 20 ms, as a call brings it


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    kind: Kind
    has_sound: bool = False


def contents(path: Path) -> Contents:
    """Looks into the file, whatever it is called. Raises BadInput when there is nothing to see or hear in it."""
    _check_file(path)
    if _is_picture(path):
        return Contents("picture")
    try:
        with av.open(str(path)) as container:
            pictures, sound = _has_film(container), bool(container.streams.audio)
            still = container.format.name.endswith("_pipe")
    except (av.error.FFmpegError, ValueError) as error:
        raise BadInput(f"{path.name} is not a picture, sound or video that can be read") from error
    if still:
        raise BadInput(f"{path.name} is a picture of a kind that is not read; save it as JPEG or PNG")
    if not pictures and not sound:
        raise BadInput(f"{path.name} holds neither pictures nor sound")
    return Contents("video" if pictures else "sound", sound)


def read_picture(path: Path) -> Picture:
    """The picture as a person would see it."""
    _check_file(path)
    with _naming(path):
        return open_picture(path)


def read_sound(path: Path) -> Samples:
    """All the sound of a file: float32 mono at 16 kHz; a damaged one is refused as a whole."""
    _check_file(path)
    with _naming(path):
        whole = audio.sound_file.read_sound(path, LONGEST_SOUND_S)
    return resample_whole(whole.samples, whole.rate, HEARING_RATE_HZ)


def perceive(path: Path, pictures_per_s: float = 8.0) -> Iterator[Chunk | Picture]:
    """A sound or video file as a call would bring it: 20 ms chunks without gaps, and pictures, in order of time."""
    held = contents(path)
    if held.kind == "picture":
        raise BadInput(f"{path.name} is a still picture; name a sound or a video")
    sources: list[Iterator[Chunk | Picture]] = []
    if held.has_sound:
        sources.append(_chunks(read_sound(path)))
    if held.kind == "video":
        sources.append(_pictures(path, pictures_per_s))
    return heapq.merge(*sources, key=lambda each: each.start_s if isinstance(each, Chunk) else each.at)


def _chunks(samples: Samples) -> Iterator[Chunk]:
    """The last one is filled up with silence."""
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
        return True  # a picture, and a bad one: reading it will say so


def _has_film(container: av.container.InputContainer) -> bool:
    """Moving pictures, which the cover picture of a song is not."""
    attached = av.stream.Disposition.attached_pic
    return any(not stream.disposition & attached for stream in container.streams.video)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name a file")
    if not path.is_file():
        raise BadInput(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadInput(f"{path.name} is empty")
    except PermissionError as error:
        raise BadInput(f"no permission to read {path}") from error


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """The leaves do not always say which file it was."""
    try:
        yield
    except ValueError as error:
        told = str(error)
        raise BadInput(told if path.name in told else f"{path.name}: {told}") from error
