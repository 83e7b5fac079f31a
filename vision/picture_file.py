"""Decodes a picture file, or its bytes, into an upright RGB Picture; any other content raises ValueError.

Reads JPEG, PNG, WebP, GIF (its first frame) and BMP through Pillow.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vision.picture import Picture, Pixels

MAX_BYTES = 40_000_000
MAX_PIXELS = 100_000_000  # of a file; more may not fit into memory
DEFAULT_PIXELS = 16_000_000  # of the decoded picture; no vision model gains from more

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


def open_picture(source: Path | str | bytes, max_pixels: int = DEFAULT_PIXELS, at: float = 0.0) -> Picture:
    """The picture as a person would see it: rotated by its EXIF orientation, transparent parts on white.

    A picture of more than `max_pixels` is reduced. Raises ValueError, which says what to do, if the file does not
    exist, is too large, damaged, cut off, or not a picture.
    """
    data = _bytes_of(source)
    with _damage_as_value_error(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        _check_size(image)
        return Picture(_as_rgb(image, max_pixels), at, source="file")


def picture_from(image: Image.Image, max_pixels: int = DEFAULT_PIXELS, at: float = 0.0) -> Picture:
    """Converts a Pillow image of any mode by the same rules, without changing `image`.

    Raises ValueError, also if its file, which Pillow reads only now, is damaged.
    """
    with _damage_as_value_error():
        _check_size(image)
        image.load()
        return Picture(_as_rgb(image.copy(), max_pixels), at, source="file")


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


def _check_size(image: Image.Image) -> None:
    """Checks the header, before anything is decompressed."""
    if image.width * image.height > MAX_PIXELS:
        raise _TooLarge(_too_many_pixels(f"{image.width} x {image.height} pixels"))


def _too_many_pixels(has: str = "too many pixels") -> str:
    return f"The picture has {has}; the limit is {MAX_PIXELS // 1_000_000} million: save it smaller."


def _as_rgb(image: Image.Image, max_pixels: int) -> Pixels:
    image.draft("RGB", _within(image, max_pixels))  # decodes a JPEG at a reduced size, though not as small as that
    image.load()
    upright = _eight_bit(ImageOps.exif_transpose(image))
    size = _within(upright, max_pixels)
    small = upright if size == upright.size else upright.resize(size, Image.Resampling.BOX)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", size, "white"), small)
    return np.array(small.convert("RGB"))


def _within(image: Image.Image, max_pixels: int) -> tuple[int, int]:
    """The size of `image`, reduced if it has too many pixels."""
    shrink = min(1.0, (max_pixels / (image.width * image.height)) ** 0.5)
    return max(1, int(image.width * shrink)), max(1, int(image.height * shrink))


def _eight_bit(image: Image.Image) -> Image.Image:
    """RGB or RGBA from any mode: palettes, grey of 1 to 32 bits, CMYK, with transparency or without."""
    if image.mode.startswith("I") or image.mode == "F":
        return _grey(image).convert("RGB")
    transparent = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def _grey(image: Image.Image) -> Image.Image:
    """The upper eight of sixteen bits of grey, which Pillow's own conversion would clip."""
    levels = np.asarray(image, np.float64)
    deepest = 65535.0 if levels.max(initial=0) > 255 or image.mode.startswith("I;16") else 255.0
    return Image.fromarray((levels.clip(0, deepest) * (255 / deepest)).astype(np.uint8))
