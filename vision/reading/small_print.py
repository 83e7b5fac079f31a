"""Finds the part of a picture whose text is too small to be detected in the reduced copy, and the zoom it needs.

Uses the density of edges and the lines found so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.box import Box, area, around, grown, inside
from vision.picture import Pixels

_SMALL = 18.0  # pixels of a line's height in the reduced copy, below which enlarging helps
_WANTED = 34.0  # pixels of line height after enlarging
_MAX_ZOOM = 4.0  # beyond this there is only blur
_MIN_GAIN = 1.3  # enlargement over the reduced copy, below which another pass is not worthwhile

_CELL = 16  # pixels per side, in which edges are counted
_STROKE = 40  # grey levels between neighbours: an edge
_DENSE = 0.12  # share of edges in a cell of text
_MIN_CELLS = 3  # of one stretch of text


@dataclass(frozen=True, slots=True)
class CropRegion:
    """A part of the picture to examine again, `zoom` times as large."""

    box: Box
    zoom: float


def part_with_small_print(
    rgb: Pixels, lines: Sequence[tuple[Box, float]], scale: float, max_pixels: int
) -> CropRegion | None:
    """The part worth another pass, with at most `max_pixels` after zooming; None if there is none.

    `lines` are the boxes and the heights in pixels of the lines found in a copy of the picture `scale` times as
    large (1 or smaller).
    """
    height, width = rgb.shape[:2]
    small = [(box, high) for box, high in lines if high * scale < _SMALL]
    unread = _unread(rgb, [box for box, _ in lines]) if scale < 1 else []
    if not small and not unread:
        return None
    margin = _CELL / scale
    box = grown(around([*(box for box, _ in small), *unread]), margin / width, margin / height)
    pixels = area(box) * width * height
    line_height = float(np.median([high for _, high in small])) if small else _SMALL / 2
    zoom = min(_WANTED / line_height, _MAX_ZOOM, math.sqrt(max_pixels / pixels))
    return CropRegion(box, zoom) if zoom >= _MIN_GAIN * scale else None


def _unread(rgb: Pixels, lines: Sequence[Box]) -> list[Box]:
    """Boxes of dense edges in which no line was found."""
    height, width = rgb.shape[:2]
    cells = _edges_per_cell(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)) > _DENSE
    joined = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
    boxes: list[Box] = []
    for left, top, columns, rows, size in stats[1:count].tolist():
        box = grown(
            (
                left * _CELL / width,
                top * _CELL / height,
                (left + columns) * _CELL / width,
                (top + rows) * _CELL / height,
            ),
            0,
            0,
        )
        if size >= _MIN_CELLS and columns > rows and not any(inside(box, line) > 0.5 for line in lines):
            boxes.append(box)
    return boxes


def _edges_per_cell(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The share of edges in each cell of 16 by 16 pixels."""
    if grey.shape[1] <= _CELL or grey.shape[0] < _CELL:
        return np.zeros((1, 1), np.float32)
    edges = (cv2.absdiff(grey[:, 1:], grey[:, :-1]) > _STROKE).astype(np.float32)
    cells = (grey.shape[1] // _CELL, grey.shape[0] // _CELL)
    share: NDArray[np.float32] = cv2.resize(edges, cells, interpolation=cv2.INTER_AREA)
    return share
