"""Bounding boxes, in fractions of a picture's width and height."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right, bottom; 0..1 from the top left corner

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def common_area(a: Box, b: Box) -> float:
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    both = common_area(a, b)
    return both / (area(a) + area(b) - both) if both else 0.0


def inside(a: Box, b: Box) -> float:
    """The share of `a` that lies in `b`, 0..1."""
    return common_area(a, b) / area(a) if area(a) else 0.0


def around(boxes: list[Box]) -> Box:
    """The smallest box that contains all `boxes`; needs at least one."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def grown(box: Box, by_x: float, by_y: float) -> Box:
    """The box extended by `by_x` on the left and right and by `by_y` at the top and bottom, within the picture."""
    return max(0.0, box[0] - by_x), max(0.0, box[1] - by_y), min(1.0, box[2] + by_x), min(1.0, box[3] + by_y)


def cut(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The pixels in `box`, (h, w, 3): a view of at least one pixel."""
    height, width = rgb.shape[:2]
    left, right = min(width - 1, int(box[0] * width)), round(box[2] * width)
    top, bottom = min(height - 1, int(box[1] * height)), round(box[3] * height)
    return rgb[top : max(top + 1, bottom), left : max(left + 1, right)]
