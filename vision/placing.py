"""Names the place and distance of an object from its box: left, centre or right; near or far.

Left and right are those of the picture, as the camera sees it; a page that mirrors its preview says so itself.
"""

from __future__ import annotations

from typing import Literal

from vision.box import Box, area, centre

Place = Literal["left", "centre", "right", ""]
Distance = Literal["near", "far", ""]

_THIRD = 1 / 3
_HYSTERESIS = 0.03  # of the picture's width: an object on a border between places stays where it was
_WIDE = 0.6  # of the picture's width: an object this wide that covers the middle is in the centre

# The side of an object's box, in sides of the picture, from which it is near and up to which it is far, by its size.
_LARGE = frozenset(
    {"person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "horse", "cow", "elephant"}
    | {"bear", "zebra", "giraffe", "bench", "couch", "bed", "dining table", "refrigerator", "surfboard"}
)
_NEAR_LARGE, _FAR_LARGE = 0.5, 0.2
_NEAR_SMALL, _FAR_SMALL = 0.3, 0.07


def place_of(box: Box, before: Place = "") -> Place:
    """The place of `box`; `before` is the object's previous place."""
    if box[2] - box[0] >= _WIDE and box[0] < 0.5 < box[2]:
        return "centre"
    middle = centre(box)[0]
    left = _THIRD + {"left": _HYSTERESIS, "centre": -_HYSTERESIS}.get(before, 0.0)
    right = 1 - _THIRD + {"right": -_HYSTERESIS, "centre": _HYSTERESIS}.get(before, 0.0)
    return "left" if middle < left else "right" if middle > right else "centre"


def distance_of(label: str, box: Box) -> Distance:
    """A guess from the size of the box and the kind of object; empty between near and far."""
    near, far = (_NEAR_LARGE, _FAR_LARGE) if label in _LARGE else (_NEAR_SMALL, _FAR_SMALL)
    side = area(box) ** 0.5
    return "near" if side >= near else "far" if side <= far else ""
