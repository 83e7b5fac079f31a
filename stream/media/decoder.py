"""The program of the decoding process: decodes one file to standard output, under limits on its own memory and time.

A message is one byte for its kind, its length as an unsigned 32-bit integer, and its content:
  C  the contents of the file: one byte, 1 for pictures, 2 for sound, 4 for a still picture, added up; its length in
     seconds as a double, 0 where it is not known
  S  sound: float32 samples, mono, at 16 kHz
  P  a picture: its time as a double, height and width as 32-bit integers, and its RGB bytes; the number of its page
     in the place of the time, where a document has no text there
  T  a section of a document: its place and its text, in UTF-8 with a line break between them
  E  what is wrong with the file, in UTF-8: a sentence for the user
  D  the end; a process that ends without it has crashed or reached a limit
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import av

from audio.chunk import HEARING_RATE_HZ
from audio.sound_file import FILE_ONLY, sound_pieces
from dialogue.library.formats.pdf_pages import page_pictures
from dialogue.library.formats.reading import pages_of
from dialogue.library.passage import Section
from vision.sources.video_file import frames_of

HEADER = struct.Struct("<cI")
PICTURE = struct.Struct("<dII")
CONTENTS = struct.Struct("<Bd")
PICTURES, SOUND, STILL = 1, 2, 4

# Beyond what the program takes at its start, in bytes of address space.
LIMITS = {  # by kind: memory, and seconds of processor time
    "contents": (96_000_000, 300),
    "sound": (96_000_000, 300),
    "video": (256_000_000, 1800),
    "document": (600_000_000, 1800),
    "pages": (600_000_000, 300),
}
LONGEST_SECTION = 200_000  # characters; a longer one is sent in parts
Message = tuple[bytes, bytes]


def main(arguments: list[str]) -> None:
    """`contents PATH`, `sound PATH MAX_S`, `video PATH EVERY_S MAX_FRAMES`, `document PATH` or `pages PATH MOST`."""
    kind, path, *numbers = arguments
    _limit(*LIMITS[kind])
    out = sys.stdout.buffer
    try:
        for letter, content in _messages(kind, Path(path), [float(number) for number in numbers]):
            out.write(HEADER.pack(letter, len(content)))
            out.write(content)
            out.flush()
        out.write(HEADER.pack(b"D", 0))
    except ValueError as error:
        sentence = str(error).encode("utf-8", "replace")
        out.write(HEADER.pack(b"E", len(sentence)) + sentence)
    out.flush()


def _messages(kind: str, path: Path, numbers: list[float]) -> Iterator[Message]:
    match kind, numbers:
        case "contents", []:
            yield b"C", CONTENTS.pack(*_contents(path))
        case "sound", [max_s]:
            for piece in sound_pieces(path, HEARING_RATE_HZ, max_s):
                yield b"S", piece.samples.tobytes()
        case "video", [every_s, max_frames]:
            for picture in frames_of(path, every_s, int(max_frames)):
                yield b"P", PICTURE.pack(picture.at, picture.height, picture.width) + picture.rgb.tobytes()
        case "document", []:
            yield from _document(path)
        case "pages", [most]:
            for number, rgb in page_pictures(path, int(most)):
                yield b"P", PICTURE.pack(number, *rgb.shape[:2]) + rgb.tobytes()


def _document(path: Path) -> Iterator[Message]:
    try:
        for page in pages_of(path):
            if isinstance(page, Section):
                for start in range(0, len(page.text), LONGEST_SECTION):
                    text = page.text[start : start + LONGEST_SECTION]
                    yield b"T", f"{' '.join(page.place.split())}\n{text}".encode("utf-8", "replace")
            else:
                number, rgb = page
                yield b"P", PICTURE.pack(number, *rgb.shape[:2]) + rgb.tobytes()
    except (MemoryError, OSError) as error:
        raise ValueError(f"{path.name} cannot be read: {error or 'it needs too much memory'}.") from error


def _contents(path: Path) -> tuple[int, float]:
    try:
        with path.open("rb") as file, av.open(file, options=FILE_ONLY) as container:
            attached = av.stream.Disposition.attached_pic
            pictures = any(not stream.disposition & attached for stream in container.streams.video)
            still = container.format.name.endswith("_pipe")
            seconds = (container.duration or 0) / av.time_base
            return int(PICTURES * pictures + SOUND * bool(container.streams.audio) + STILL * still), seconds
    except (av.error.FFmpegError, MemoryError, OSError) as error:
        raise ValueError(f"{path.name} is not a picture, sound or video that can be read.") from error


def _limit(memory: int, cpu_s: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
