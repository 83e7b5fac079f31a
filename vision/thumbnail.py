"""A small JPEG of a picture, to be shown on a page."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from vision.picture import Pixels

SIDE = 320  # pixels of the longer side
QUALITY = 75


def thumbnail(rgb: Pixels, side: int = SIDE) -> bytes:
    """JPEG whose longer side has at most `side` pixels; about 15 kB with the usual one."""
    scale = min(1.0, side / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    out = io.BytesIO()
    Image.fromarray(small).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
