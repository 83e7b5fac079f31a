"""Crops a named part of a picture and enlarges it for a closer look."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from vision.box import WHOLE, Box, cut, grown
from vision.picture import Picture

# Sides overlap, since the requested object often lies across a middle line.
SIDES: Mapping[str, Box] = {
    "": WHOLE,
    "left": (0.0, 0.0, 0.55, 1.0),
    "right": (0.45, 0.0, 1.0, 1.0),
    "top": (0.0, 0.0, 1.0, 0.55),
    "bottom": (0.0, 0.45, 1.0, 1.0),
    "middle": (0.25, 0.25, 0.75, 0.75),
}
MARGIN = 0.15  # of an object's size, on each side: text on it, and the surface that it stands on
LONGER_SIDE = 1280  # pixels of an enlarged part
MAX_ZOOM = 4.0  # beyond this there is only blur


def around_thing(box: Box) -> Box:
    """The box of an object with a margin."""
    return grown(box, MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1]))


def enlarged(picture: Picture, box: Box) -> Picture:
    """The part of a picture in `box`, enlarged if it is small; never reduced."""
    part = cut(picture.rgb, box)
    zoom = min(MAX_ZOOM, LONGER_SIDE / max(part.shape[:2]))
    if zoom > 1:
        size = round(part.shape[1] * zoom), round(part.shape[0] * zoom)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return Picture(np.ascontiguousarray(part), picture.at, picture.source)
