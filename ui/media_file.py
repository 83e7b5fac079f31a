"""Files of pictures, sound and video -> Picture and Chunk, in order of time. Reads; judges nothing it shows or says.

Whatever a file holds, the outcome is pictures in RGB and sound in mono at 16 kHz, or a BadInput that says what is
wrong with it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

import audio.sound_file
from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import resample_whole
from dialogue.errors import BadInput
from vision.picture import Picture

Kind = Literal["picture", "sound", "video"]

MOST_PICTURE_BYTES = 50_000_000
MOST_PICTURE_PIXELS = 80_000_000
LONGEST_SIDE = 4096  # larger pictures are made smaller: no eye of ours gains from more
LONGEST_SOUND_S = 3600.0
CHUNK_SAMPLES = HEARING_RATE_HZ // 50  # 20 ms, as a call brings it


@dataclass(frozen=True, slots=True)
class Contents:
    """What a sound or video file holds. `seconds` is what its header claims, 0 when it claims nothing."""

    kind: Kind
    seconds: float
    has_sound: bool


def contents(path: Path) -> Contents:
    """Looks into the file, whatever it is called. Raises BadInput when there is nothing to see or hear in it."""
    _check_file(path)
    if _is_picture(path):
        return Contents("picture", 0.0, has_sound=False)
    with _opened(path) as container:
        film = _film_stream(container)
        has_sound = bool(container.streams.audio)
        if film is None and not has_sound:
            raise BadInput(f"{path.name} holds neither pictures nor sound")
        seconds = container.duration / av.time_base if container.duration else 0.0
        return Contents("sound" if film is None else "video", seconds, has_sound)


def read_picture(path: Path, at: float = 0.0) -> Picture:
    """The picture as a person would see it: turned as its camera says, transparent parts on white."""
    _check_file(path)
    if path.stat().st_size > MOST_PICTURE_BYTES:
        raise BadInput(f"{path.name} has more than {MOST_PICTURE_BYTES // 1_000_000} MB; save it smaller")
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PICTURE_PIXELS:
                raise BadInput(
                    f"{path.name} has {image.width} x {image.height} pixels; "
                    f"at most {MOST_PICTURE_PIXELS // 1_000_000} million are read; save it smaller"
                )
            return Picture(_as_rgb(image), at, source="file")
    except UnidentifiedImageError as error:
        raise BadInput(f"{path.name} is not a picture that can be read; save it as JPEG or PNG") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path.name} is damaged and cannot be read as a picture ({error})") from error


def read_sound(path: Path) -> Samples:
    """All the sound of a file: float32 mono at 16 kHz; a damaged one is refused as a whole."""
    _check_file(path)
    try:
        whole = audio.sound_file.read_sound(path, LONGEST_SOUND_S)
        return resample_whole(whole.samples, whole.rate, HEARING_RATE_HZ)
    except ValueError as error:
        raise BadInput(str(error)) from error


def perceive(path: Path, pictures_per_s: float = 8.0) -> Iterator[Chunk | Picture]:
    """A sound or video file as a call would bring it: 20 ms chunks without gaps, and pictures, in order of time.

    What is damaged is skipped, as players do, as long as anything can be heard and seen.
    """
    held = contents(path)
    sources: list[Iterator[Chunk | Picture]] = []
    if held.has_sound:
        sources.append(_sounds(path))
    if held.kind == "video":
        sources.append(_pictures(path, pictures_per_s))
    if not sources:
        raise BadInput(f"{path.name} is a still picture; name a sound or a video")
    return heapq.merge(*sources, key=lambda each: each.start_s if isinstance(each, Chunk) else each.at)


def _sounds(path: Path) -> Iterator[Chunk]:
    _check_file(path)
    with _opened(path) as container:
        if not container.streams.audio:
            raise BadInput(f"there is no sound in {path.name}")
        ear = _Ear(path)
        for frame in _frames(container, container.streams.audio[0]):
            yield from ear.hear(frame)
        yield from ear.rest()
        if not ear.samples:
            raise BadInput(f"the sound of {path.name} is damaged and cannot be played")


def _pictures(path: Path, per_s: float) -> Iterator[Picture]:
    """At most `per_s` a second."""
    with _opened(path) as container:
        due, seen = 0.0, False
        for frame in _frames(container, _film_stream(container)):
            at = max(0.0, float(frame.time or 0.0))
            if at >= due:
                due, seen = max(due + 1 / per_s, at), True
                width, height = _within_limits(frame.width, frame.height)
                yield Picture(frame.reformat(width, height, "rgb24").to_ndarray(), at, source="file")
        if not seen:
            raise BadInput(f"the pictures of {path.name} are damaged and cannot be shown")


def _frames(container: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    """What can be decoded of one stream."""
    with suppress(av.error.FFmpegError):  # of the container: here it ends
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            yield from frames


class _Ear:
    """Frames of any rate, layout and format -> one gapless stream of chunks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=HEARING_RATE_HZ)
        self._waiting = np.zeros(0, np.float32)
        self.samples = 0  # given out so far

    def hear(self, frame: av.AudioFrame) -> Iterator[Chunk]:
        yield from self._cut([piece.to_ndarray()[0] for piece in self._resampler.resample(frame)])

    def rest(self) -> Iterator[Chunk]:
        """The end of the sound; its last chunk is filled up with silence."""
        if self.samples or self._waiting.size:
            last = [piece.to_ndarray()[0] for piece in self._resampler.resample(None)]
            missing = -(self._waiting.size + sum(piece.size for piece in last)) % CHUNK_SAMPLES
            yield from self._cut([*last, np.zeros(missing, np.float32)])

    def _cut(self, pieces: list[Samples]) -> Iterator[Chunk]:
        waiting = np.concatenate([self._waiting, *pieces]).astype(np.float32, copy=False)
        if not np.isfinite(waiting).all():
            raise BadInput(f"the sound of {self._path.name} contains values that are not numbers; save it again")
        if (self.samples + waiting.size) / HEARING_RATE_HZ > LONGEST_SOUND_S:
            raise BadInput(f"{self._path.name} is longer than {LONGEST_SOUND_S / 60:.0f} minutes; cut it into parts")
        whole = waiting.size - waiting.size % CHUNK_SAMPLES
        for start in range(0, whole, CHUNK_SAMPLES):
            yield Chunk(waiting[start : start + CHUNK_SAMPLES], HEARING_RATE_HZ, self.samples)
            self.samples += CHUNK_SAMPLES
        self._waiting = waiting[whole:]


def _as_rgb(image: Image.Image) -> np.ndarray:
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # lets a JPEG decode itself smaller
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    elif upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        upright = _as_grey(upright)
    upright = upright.convert("RGB")
    return np.asarray(upright.resize(_within_limits(*upright.size), Image.Resampling.LANCZOS))


def _as_grey(image: Image.Image) -> Image.Image:
    """Deep grey levels spread over eight bits, which a plain conversion would cut off."""
    values = np.nan_to_num(np.asarray(image, np.float64))
    low, high = values.min(), values.max()
    spread = (values - low) * (255 / (high - low) if high > low else 0.0)
    return Image.fromarray(spread.round().astype(np.uint8))


def _within_limits(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return True  # a picture, and a bad one: reading it will say so


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
def _opened(path: Path) -> Iterator[av.container.InputContainer]:
    try:
        container = av.open(str(path))
    except (av.error.FFmpegError, ValueError) as error:
        raise BadInput(f"{path.name} is not a picture, sound or video that can be read") from error
    with container:
        yield container


def _film_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """The moving pictures, which the cover picture of a song is not."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None
