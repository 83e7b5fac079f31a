"""Makes media files that are small on disk and large, endless or absurd once decoded."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image


def silent_flac(path: Path, seconds: float, rate: int, layout: str = "stereo") -> Path:
    with av.open(str(path), "w") as container:
        track = container.add_stream("flac", rate=rate, layout=layout)
        block = 65_535
        channels = track.layout.nb_channels
        for number in range(round(seconds * rate / block)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, block * channels), np.int16), format="s16", layout=layout)
            frame.sample_rate, frame.pts = rate, number * block
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def wav(path: Path, rate: int, channels: int, bits: int = 16, claimed: int = 8_000, data: bytes = bytes(8_000)) -> Path:
    wide = channels * bits // 8 % 65_536
    shape = struct.pack("<HHIIHH", 1, channels, rate, rate * wide % 2**32, wide, bits)
    head = b"RIFF" + struct.pack("<I", (36 + claimed) % 2**32) + b"WAVEfmt " + struct.pack("<I", 16) + shape
    path.write_bytes(head + b"data" + struct.pack("<I", claimed) + data)
    return path


def film(path: Path, side: int, frames: int, rate: int = 10, codec: str = "mpeg4") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width = stream.height = side
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        picture = av.VideoFrame(side, side, stream.pix_fmt)
        for plane in picture.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(frames):
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def flat(path: Path, mode: str, width: int, height: int, **options: Any) -> Path:
    Image.new(mode, (width, height)).save(path, **options)
    return path


def many_frames(path: Path, side: int, frames: int) -> Path:
    """An animation; each frame differs from the one before, so that none is left out."""
    pictures = []
    for number in range(frames):
        picture = Image.new("P", (side, side))
        picture.putpixel((number % side, 0), 1 + number % 200)
        pictures.append(picture)
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    return path


def gif_claiming(path: Path, width: int, height: int) -> Path:
    """A GIF of a few bytes whose header and frame say that it is large."""
    flat(path, "P", 16, 16)
    data = bytearray(path.read_bytes())
    data[6:10] = struct.pack("<HH", width, height)
    frame = data.index(b"\x2c\0\0\0\0\x10\0\x10\0")
    data[frame + 5 : frame + 9] = struct.pack("<HH", width, height)
    path.write_bytes(data)
    return path


def truncated(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path
