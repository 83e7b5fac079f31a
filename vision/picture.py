"""One picture and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`rgb` (H, W, 3) uint8, taken at `at` seconds on the session clock by `source` ("camera", "file", ...)."""

    rgb: Pixels
    at: float
    source: str = "camera"

    def __post_init__(self) -> None:
        """Raises ValueError unless uint8 RGB with at least one pixel."""
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or not self.rgb.size:
            raise ValueError(f"A picture must be uint8 (H, W, 3), not {self.rgb.dtype} {self.rgb.shape}.")

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])
