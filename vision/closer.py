"""A part of a picture by a word for it, made as large as is worth looking at. Knows no camera and no question."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from vision.box import WHOLE, Box, cut, grown
from vision.picture import Picture

# Sides overlap: what is asked about often lies across a middle line.
SIDES: Mapping[str, Box] = {
    "": WHOLE,
    "left": (0.0, 0.0, 0.55, 1.0),
    "right": (0.45, 0.0, 1.0, 1.0),
    "top": (0.0, 0.0, 1.0, 0.55),
    "bottom": (0.0, 0.45, 1.0, 1.0),
    "middle": (0.25, 0.25, 0.75, 0.75),
}
MARGIN = 0.15  # of a thing's size, on each side: what is written on it, and what it stands on
LONGER_SIDE = 1280  # pixels an enlarged part is made to have
MOST_ZOOM = 4.0  # beyond, there is only blur


def around_thing(box: Box) -> Box:
    """A thing with a margin."""
    return grown(box, MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1]))


def enlarged(picture: Picture, box: Box) -> Picture:
    """The part of a picture in `box`, larger where it is small; never smaller than it was."""
    part = cut(picture.rgb, box)
    zoom = min(MOST_ZOOM, LONGER_SIDE / max(part.shape[:2]))
    if zoom > 1:
        size = round(part.shape[1] * zoom), round(part.shape[0] * zoom)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return Picture(np.ascontiguousarray(part), picture.at, picture.source)
