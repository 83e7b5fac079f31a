"""Decodes a picture file, or its bytes, into an upright RGB Picture; any other content raises ValueError.

Reads JPEG, PNG, WebP, GIF (its first frame) and BMP through Pillow.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from vision.picture import Picture, Pixels

MAX_BYTES = 40_000_000
MAX_PIXELS = 100_000_000  # of a file
MAX_DECODED = 320_000_000  # bytes that a file takes while it is decoded
STRIP_ROWS = 64  # rows of the result that are converted at a time
DEFAULT_PIXELS = 16_000_000  # of the decoded picture; no vision model gains from more

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


def open_picture(source: Path | str | bytes, max_pixels: int = DEFAULT_PIXELS, at: float = 0.0) -> Picture:
    """The picture as a person would see it: rotated by its EXIF orientation, transparent parts on white.

    A picture of more than `max_pixels` is reduced. Raises ValueError, which says what to do, if the file does not
    exist, is too large, damaged, cut off, or not a picture.
    """
    data = _bytes_of(source)
    with _damage_as_value_error(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        _check_size(image, _decoded_bytes(image, data))
        image.draft("RGB", _within(image, max_pixels))  # decodes a JPEG at a reduced size, though not as small as that
        return Picture(_as_rgb(image, max_pixels), at, source="file")


def picture_from(image: Image.Image, max_pixels: int = DEFAULT_PIXELS, at: float = 0.0) -> Picture:
    """Converts a Pillow image of any mode by the same rules, without changing `image`.

    Raises ValueError, also if its file, which Pillow reads only now, is damaged.
    """
    with _damage_as_value_error():
        _check_size(image, 4)
        return Picture(_as_rgb(image, max_pixels), at, source="file")


@contextmanager
def _damage_as_value_error() -> Iterator[None]:
    """Turns everything that Pillow raises into a ValueError that says what to do."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise ValueError("This is not a readable picture: save it as JPEG or PNG and try again.") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ValueError(_too_many_pixels()) from error
    except _TooLarge as error:
        raise ValueError(str(error)) from None
    except _DAMAGE as error:
        raise ValueError(f"The picture is damaged or cut off ({error}): send it again or save it again.") from error


class _TooLarge(Exception):
    """Distinguishes size from damage, which Pillow reports as ValueError too."""


def _bytes_of(source: Path | str | bytes) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        data, size = bytes(source), len(source)
    else:
        path = Path(source)
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= MAX_BYTES else b""
        except OSError as error:
            raise ValueError(f"{path} cannot be read ({error.strerror}): name a picture file.") from error
    if size > MAX_BYTES:
        raise ValueError(
            f"The picture has {size / 1e6:.0f} MB; the limit is {MAX_BYTES / 1e6:.0f} MB: save it smaller."
        )
    if not size:
        raise ValueError("The picture file is empty: choose another one.")
    return data


def _check_size(image: Image.Image, bytes_a_pixel: int) -> None:
    """Checks the header, before anything is decompressed."""
    limit = min(MAX_PIXELS, MAX_DECODED // bytes_a_pixel)
    if image.width * image.height > limit:
        raise _TooLarge(_too_many_pixels(f"{image.width} x {image.height} pixels", limit))


def _decoded_bytes(image: Image.Image, data: bytes) -> int:
    """Bytes for each pixel that Pillow and the codec below it allocate."""
    if image.format == "WEBP":
        return 16  # two canvases of the animation, a copy, and Pillow's own
    if isinstance(image, JpegImageFile):
        layers = len(image.getbands())
        scan = (
            8 + 2 * layers
        )  # bytes of the marker and header of a scan with all layers, after which Pillow has stopped reading
        assert image.fp is not None
        end = image.fp.tell()
        one_scan = data[end - scan : end - scan + 2] == b"\xff\xda" and not image.info.get("progressive")
        return 3 if one_scan else 2 * layers + 1  # with more scans, all coefficients are kept: two bytes each
    return 1 if image.mode in ("1", "L", "P") else 4


def _too_many_pixels(has: str = "too many pixels", limit: int = MAX_PIXELS) -> str:
    return f"The picture has {has}; the limit is {limit // 1_000_000} million: save it smaller."


def _as_rgb(image: Image.Image, max_pixels: int) -> Pixels:
    """Converted and reduced in strips, so that no second copy of a large picture is made."""
    image.load()
    deepest = _deepest(image)
    width, height = _within(image, max_pixels)
    scale = image.height / height
    rgb = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        first, last = int(top * scale), min(image.height, math.ceil(bottom * scale))
        strip = _eight_bit(image.crop((0, first, image.width, last)), deepest)
        if strip.size != (width, bottom - top):
            rows = (0, top * scale - first, image.width, min(bottom * scale - first, strip.height))
            strip = strip.resize((width, bottom - top), Image.Resampling.BOX, box=rows)
        if strip.mode == "RGBA":
            strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
        rgb[top:bottom] = np.asarray(strip.convert("RGB"))
    return _upright(rgb, image)


def _upright(rgb: Pixels, image: Image.Image) -> Pixels:
    """Turned as the EXIF data of `image` says."""
    turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    return rgb if turn is None else np.array(Image.fromarray(rgb).transpose(turn))


def _within(image: Image.Image, max_pixels: int) -> tuple[int, int]:
    """The size of `image`, reduced if it has too many pixels."""
    shrink = min(1.0, (max_pixels / (image.width * image.height)) ** 0.5)
    return max(1, int(image.width * shrink)), max(1, int(image.height * shrink))


def _eight_bit(image: Image.Image, deepest: float) -> Image.Image:
    """RGB or RGBA from any mode: palettes, grey of 1 to 32 bits, CMYK, with transparency or without."""
    if _is_deep(image):
        levels = np.asarray(image, np.float32).clip(0, deepest) * np.float32(255 / deepest)
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    transparent = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _deepest(image: Image.Image) -> float:
    """The white of grey with more than eight bits: the upper eight of sixteen count, which Pillow would clip."""
    if not _is_deep(image) or image.mode.startswith("I;16"):
        return 65535.0
    _, most = image.getextrema()
    return 65535.0 if float(most) > 255 else 255.0  # type: ignore[arg-type]  # a number: one channel
