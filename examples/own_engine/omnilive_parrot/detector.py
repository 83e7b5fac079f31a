"""A detector that finds the brightest spot of a picture and calls it a lamp."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stream.models.components import Component
from vision.detect import LIKELY, VIEWS, Detection, DetectorView

CELLS = 8


class LampDetector:
    def warm_up(self) -> None:
        """Nothing to load."""

    def detect(self, rgb: NDArray[np.uint8], view: DetectorView = VIEWS[0], least: float = LIKELY) -> list[Detection]:
        """The brightest of 8 x 8 cells of an (h, w, 3) picture, if it is bright enough; boxes are fractions."""
        height, width = rgb.shape[0] // CELLS, rgb.shape[1] // CELLS
        cells = (
            rgb[: height * CELLS, : width * CELLS].reshape(CELLS, height, CELLS, width, 3).mean(axis=(1, 3, 4)) / 255
        )
        row, column = np.unravel_index(int(cells.argmax()), cells.shape)
        score = float(cells[row, column])
        if score < least:
            return []
        left, top = float(column / CELLS), float(row / CELLS)
        return [Detection("lamp", score, (left, top, left + 1 / CELLS, top + 1 / CELLS))]


def open_detector(_weights: Mapping[str, Path]) -> LampDetector:
    return LampDetector()


COMPONENT = Component("lamps", "finds the brightest spot", open_detector)
