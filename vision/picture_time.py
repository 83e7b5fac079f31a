"""When a picture was taken, as its file says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PIL import Image

_EXIF, _TAKEN, _CHANGED = 0x8769, 0x9003, 0x0132


def taken_at(path: Path) -> str:
    """ISO 8601, without a time zone; empty where the file does not say. Reads the header only."""
    try:
        with Image.open(path) as image:
            exif = image.getexif()
            said = exif.get_ifd(_EXIF).get(_TAKEN) or exif.get(_CHANGED)
        return datetime.strptime(str(said), "%Y:%m:%d %H:%M:%S").isoformat()
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, Image.DecompressionBombError):
        return ""
