"""Starts the decoding process for one file and reads what it decodes. Blocks: not for the event loop of a server.

A crash of FFmpeg, or a limit that it reaches, is a BadInput that names the file.
"""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from audio.chunk import Samples
from dialogue.errors import BadInput
from dialogue.library.passage import Section
from stream.media.decoder import CONTENTS, HEADER, PICTURE
from vision.picture import Picture, Pixels
from vision.sources.video_file import MAX_SIDE

LONGEST_SOUND_S = 3600.0
SILENT_S = 60.0  # without a message, while one is waited for
MAX_MESSAGE = MAX_SIDE * MAX_SIDE * 3 + PICTURE.size
ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from stream.media.decoder import main; main(sys.argv[1:])"


def contents_of(path: Path) -> tuple[int, float]:
    """PICTURES, SOUND and STILL of `stream.media.decoder`, added up; the length in seconds, 0 where it is not known.
    Raises BadInput."""
    with closing(_messages(path, "contents")) as messages:
        found, seconds = CONTENTS.unpack(next(messages)[1])
        return found, seconds


def sound_of(path: Path, max_s: float = LONGEST_SOUND_S) -> Iterator[Samples]:
    """Yields the first sound track in pieces: float32 (n,) at 16 kHz. Raises BadInput, at the latest where it ends."""
    with closing(_messages(path, "sound", max_s)) as messages:
        for _, content in messages:
            yield np.frombuffer(content, np.float32)


def pictures_of(path: Path, every_s: float, max_frames: int) -> Iterator[Picture]:
    """Yields frames as `vision.sources.video_file.frames_of` does. Raises BadInput."""
    return _pictures(_messages(path, "video", every_s, max_frames))


def page_pictures_of(path: Path, most: int) -> Iterator[Picture]:
    """Yields the first pages of a PDF as pictures. Raises BadInput."""
    return _pictures(_messages(path, "pages", most))


def sections_of(path: Path, read: Callable[[Pixels], str]) -> Iterator[Section]:
    """Yields the sections of a document in order; `read` gives the text in the picture of a page without text. Raises
    BadInput, at the latest at the damaged place."""
    with closing(_messages(path, "document")) as messages:
        for letter, content in messages:
            if letter == b"T":
                place, _, text = content.decode("utf-8", "replace").partition("\n")
                yield Section(place, text)
            else:
                picture = _picture(content)
                yield Section(f"page {picture.at:.0f}", read(picture.rgb))


def _pictures(messages: Generator[tuple[bytes, bytearray], None, None]) -> Iterator[Picture]:
    with closing(messages):
        for _, content in messages:
            yield _picture(content)


def _picture(content: bytearray) -> Picture:
    at, height, width = PICTURE.unpack_from(content)
    rgb = np.frombuffer(content, np.uint8, offset=PICTURE.size).reshape(height, width, 3)
    return Picture(rgb, at, source="file")


def _messages(path: Path, kind: str, *numbers: float) -> Generator[tuple[bytes, bytearray], None, None]:
    with _Decoder(path, [kind, str(path), *map(str, numbers)]) as decoder:
        while (message := decoder.message())[0] != b"D":
            if message[0] == b"E":
                sentence = message[1].decode("utf-8", "replace")
                raise BadInput(sentence if path.name in sentence else f"{path.name}: {sentence}")
            yield message


class _Decoder:
    """The process, killed at the end of the block."""

    def __init__(self, path: Path, arguments: list[str]) -> None:
        self._name = path.name
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for this process, which ends that one
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        self._ready = select.poll()
        self._ready.register(self._out, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()

    def message(self) -> tuple[bytes, bytearray]:
        letter, length = HEADER.unpack(self._read(HEADER.size))
        assert length <= MAX_MESSAGE, "decoded pieces are small"
        return letter, self._read(length)

    def _read(self, count: int) -> bytearray:
        content = bytearray(count)
        view = memoryview(content)
        while view:
            if not self._ready.poll(SILENT_S * 1000):
                raise BadInput(f"{self._name} takes too long to decode. Save it shorter or smaller.")
            read = self._out.readinto(view)  # type: ignore[attr-defined]  # IO[bytes] declares no readinto
            if not read:
                raise BadInput(self._why_it_ended())
            view = view[read:]
        return content

    def _why_it_ended(self) -> str:
        if self._process.wait() in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"{self._name} takes too long to decode. Save it shorter or smaller."
        return f"{self._name} breaks the decoder. It is damaged, or needs too much memory: save it again, or smaller."
