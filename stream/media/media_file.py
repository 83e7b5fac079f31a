"""Reads picture, sound and video files as Picture and Chunk, in order of time.

Every function raises BadInput, with the name of the file, for a file that cannot be read.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.growing_sound import GrowingSound
from dialogue.errors import BadInput
from stream.media.decoder import PICTURES, SOUND, STILL
from stream.media.decoder_process import LONGEST_SOUND_S, contents_of, pictures_of, sound_of
from vision.picture import Picture
from vision.picture_file import open_picture

Kind = Literal["picture", "sound", "video"]

MOST_PICTURES = 100_000  # of a video
MOST_PIECES = 500  # decoded at a time
CHUNK_SAMPLES = HEARING_RATE_HZ // 50  # 20 ms, as in a call


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    kind: Kind
    has_sound: bool = False
    seconds: float = 0.0  # of sound or video; 0 where it is not known


def contents(path: Path) -> Contents:
    """The contents of a file, independent of its name. Raises BadInput when it holds neither pictures nor sound."""
    _check_file(path)
    if _is_picture(path):
        return Contents("picture")
    found, seconds = contents_of(path)
    pictures, sound = bool(found & PICTURES), bool(found & SOUND)
    if found & STILL:
        raise BadInput(f"{path.name} is a picture in an unsupported format. Save it as JPEG or PNG.")
    if not pictures and not sound:
        raise BadInput(f"{path.name} holds neither pictures nor sound.")
    return Contents("video" if pictures else "sound", sound, seconds)


def read_picture(path: Path) -> Picture:
    """The picture, turned upright as its metadata says."""
    _check_file(path)
    with _naming(path):
        return open_picture(path)


def read_sound(path: Path) -> Samples:
    """The whole sound of a file: float32 mono at 16 kHz. A damaged file is refused."""
    _check_file(path)
    whole = GrowingSound()
    for piece in sound_of(path):
        whole.add(piece)
    return whole.whole()


def perceive(path: Path, pictures_per_s: float = 8.0, longest_s: float = LONGEST_SOUND_S) -> Iterator[Chunk | Picture]:
    """A sound or video file like the input of a call: 20 ms chunks without gaps, and pictures, in order of time.

    Decodes while it is iterated. Raises BadInput, for damage at the latest where it is.
    """
    found = contents(path)
    if found.kind == "picture":
        raise BadInput(f"{path.name} is a still picture. Name a sound or video file.")
    sources: list[Iterator[Chunk | Picture]] = []
    if found.has_sound:
        sources.append(_chunks(sound_of(path, longest_s)))
    if found.kind == "video":
        sources.append(pictures_of(path, 1 / pictures_per_s, MOST_PICTURES))
    return heapq.merge(*sources, key=start_of)


def start_of(piece: Chunk | Picture) -> float:
    """Seconds in the file."""
    return piece.start_s if isinstance(piece, Chunk) else piece.at


def up_to_picture(source: Iterator[Chunk | Picture]) -> list[Chunk | Picture]:
    """What comes next of a file, up to a picture; empty at its end. Blocks: call it on a worker thread."""
    pieces: list[Chunk | Picture] = []
    for each in islice(source, MOST_PIECES):
        pieces.append(each)
        if isinstance(each, Picture):
            break
    return pieces


def _chunks(pieces: Iterator[Samples]) -> Iterator[Chunk]:
    """Chunks of CHUNK_SAMPLES; the last one is padded with silence."""
    begun, count = np.zeros(0, np.float32), 0
    for piece in pieces:
        joined = np.concatenate([begun, piece])
        whole = len(joined) - len(joined) % CHUNK_SAMPLES
        for start in range(0, whole, CHUNK_SAMPLES):
            yield Chunk(joined[start : start + CHUNK_SAMPLES], HEARING_RATE_HZ, count + start)
        begun, count = joined[whole:], count + whole
    if len(begun):
        yield Chunk(np.pad(begun, (0, CHUNK_SAMPLES - len(begun))), HEARING_RATE_HZ, count)


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return True  # Pillow would read all of it
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True  # a damaged picture: reading it raises the error


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
