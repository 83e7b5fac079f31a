"""Decoding picture files: formats, modes, orientation, limits and damage."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vision.picture_file import MAX_BYTES, open_picture

RED, GREEN = (200, 30, 30), (30, 200, 30)


def flag(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red on the left, green on the right."""
    image = Image.new("RGB", size, GREEN)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def near(pixel: Any, colour: tuple[int, int, int], within: int = 8) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= within)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_common_formats_are_decoded(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "flag"
    path.write_bytes(encoded(flag(), kind))
    for source in (path, str(path), path.read_bytes()):
        picture = open_picture(source, at=3.0)
        assert (picture.width, picture.height, picture.at, picture.source) == (60, 40, 3.0, "file")
        assert near(picture.rgb[20, 10], RED)
        assert near(picture.rgb[20, 50], GREEN)


@pytest.mark.parametrize(
    ("image", "kind"),
    [(flag().convert("RGBA"), "PNG"), (flag().quantize(16), "PNG"), (flag().convert("CMYK"), "JPEG")],
    ids=["RGBA", "palette", "CMYK"],
)
def test_colour_modes_become_rgb(image: Image.Image, kind: str) -> None:
    picture = open_picture(encoded(image, kind))
    assert near(picture.rgb[20, 10], RED)
    assert near(picture.rgb[20, 50], GREEN)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_modes_become_rgb(mode: str) -> None:
    picture = open_picture(encoded(Image.new("L", (9, 9), 255).convert(mode)))
    assert near(picture.rgb[4, 4], (255, 255, 255))


def test_sixteen_bits_become_eight() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    picture = open_picture(encoded(Image.fromarray(ramp)))
    assert np.abs(picture.rgb[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_transparent_parts_are_white() -> None:
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 5, 10))
    picture = open_picture(encoded(image))
    assert near(picture.rgb[5, 2], (0, 0, 255))
    assert near(picture.rgb[5, 8], (255, 255, 255))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_exif_orientation_is_applied(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    picture = open_picture(encoded(flag(), kind, exif=exif))
    assert (picture.width, picture.height) == (40, 60)
    assert near(picture.rgb[5, 20], RED)
    assert near(picture.rgb[55, 20], GREEN)


def test_broken_exif_data_is_ignored() -> None:
    assert open_picture(encoded(flag(), "JPEG", exif=b"Exif\0\0garbage")).width == 60


@pytest.mark.parametrize("size", [(1, 1), (1, 20), (20, 1), (2000, 100)])
def test_odd_shapes_keep_their_size(size: tuple[int, int]) -> None:
    picture = open_picture(encoded(Image.new("RGB", size)))
    assert (picture.width, picture.height) == size


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_is_reduced(kind: str) -> None:
    picture = open_picture(encoded(flag((3000, 2000)), kind), max_pixels=100_000)
    assert 80_000 < picture.width * picture.height <= 100_000
    assert picture.width / picture.height == pytest.approx(1.5, abs=0.02)
    assert near(picture.rgb[5, 5], RED)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height", "size"), [(30_000, 30_000, "too many"), (12_000, 9_000, "12000 x 9000")])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(width: int, height: int, size: str) -> None:
    with pytest.raises(ValueError, match=rf"{size} pixels; the limit is \d+ million: save it smaller"):
        open_picture(claiming(width, height))


def claiming(width: int, height: int) -> bytes:
    """A small PNG file whose header says that it is large."""
    small = encoded(flag())
    header = b"IHDR" + struct.pack(">II", width, height) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 10_000_000)
    for source in (path, bytes(MAX_BYTES + 10_000_000)):
        with pytest.raises(ValueError, match="50 MB; the limit is 40 MB: save it smaller"):
            open_picture(source)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello", "save it as JPEG or PNG"),
        (encoded(flag(), "TIFF"), "save it as JPEG or PNG"),
        (encoded(flag(), "JPEG")[:400], "damaged or cut off"),
        (encoded(flag())[:-30], "damaged or cut off"),
    ],
)
def test_an_unreadable_file_is_refused_with_a_reason(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        open_picture(data)


def test_a_path_without_a_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(ValueError, match="name a picture file"):
            open_picture(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_a_damaged_file_gives_a_value_error_or_a_picture(kind: str) -> None:
    whole, rng = encoded(flag(), kind), np.random.default_rng(7)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 4):
            damaged[place] = rng.integers(256)
        try:
            open_picture(bytes(damaged))
        except ValueError as error:
            assert str(error)
