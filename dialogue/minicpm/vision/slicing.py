"""How a picture is cut for the vision tower: one overview, and crops on a grid that fits its shape.

Adaptive slicing after LLaVA-UHD (arXiv 2403.11703). Arithmetic is in doubles and in a fixed order of enumeration,
because ties between grids are decided by one unit in the last place. Knows no model and no text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dialogue.errors import BadInput

Size = tuple[int, int]  # (width, height) in pixels


@dataclass(frozen=True, slots=True)
class SliceRule:
    """How finely to cut. `scale` squared is the area in pixels that one slice is meant to have."""

    max_slices: int = 9
    scale: int = 448
    patch: int = 14

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> SliceRule:
        """From a checkpoint's config; older ones leave fields of `slice_config` out and mean the usual values."""
        fields = config.get("slice_config") or {}
        usual = cls()
        return cls(
            max_slices=fields.get("max_slice_nums", config.get("max_slice_nums", usual.max_slices)),
            scale=fields.get("scale_resolution", usual.scale),
            patch=fields.get("patch_size", config.get("patch_size", usual.patch)),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to cut. `grid` is (columns, rows) of crops of size `crop`; both are None where the overview is enough."""

    overview: Size
    grid: tuple[int, int] | None = None
    crop: Size | None = None

    @property
    def slices(self) -> int:
        return 1 + (self.grid[0] * self.grid[1] if self.grid else 0)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One input of the vision tower: uint8 (3, patch, patch * rows * cols), patches row by row, side by side."""

    strip: NDArray[np.uint8]
    rows: int
    cols: int


def plan(width: int, height: int, rule: SliceRule) -> Plan:
    """Sizes of the overview and of the crops for a picture of this size."""
    grid = choose_grid(width, height, rule)
    if grid is None:
        return Plan(overview=_fit(width, height, rule, enlarge=True))
    cols, rows = grid
    crop = _fit(_to_multiple(width, cols) / cols, _to_multiple(height, rows) / rows, rule, enlarge=True)
    return Plan(overview=_fit(width, height, rule, enlarge=False), grid=grid, crop=crop)


def choose_grid(width: int, height: int, rule: SliceRule) -> tuple[int, int] | None:
    """(columns, rows) whose shape is nearest to the picture's, or None where the picture is small enough whole."""
    ideal = min(math.ceil(width * height / (rule.scale * rule.scale)), rule.max_slices)
    if ideal <= 1:
        return None
    wanted = math.log(width / height)
    grids = (grid for count in (ideal - 1, ideal, ideal + 1) if 1 < count <= rule.max_slices for grid in _grids(count))
    return min(grids, key=lambda grid: abs(wanted - math.log(grid[0] / grid[1])))


def cut(rgb: NDArray[np.uint8], rule: SliceRule) -> tuple[Plan, list[Slice]]:
    """Picture uint8 (H, W, 3) -> the plan and its slices: overview first, then the crops row by row."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise BadInput(f"A picture must be RGB bytes of shape (height, width, 3), got {rgb.dtype} {rgb.shape}.")
    height, width, _ = rgb.shape
    chosen = plan(width, height, rule)
    original = Image.fromarray(rgb)
    slices = [_slice(_resized(original, chosen.overview), rule.patch)]
    if chosen.grid and chosen.crop:
        (cols, rows), (crop_width, crop_height) = chosen.grid, chosen.crop
        refined = _resized(original, (crop_width * cols, crop_height * rows))
        for bands in np.split(refined, rows, axis=0):
            slices += [_slice(crop, rule.patch) for crop in np.split(bands, cols, axis=1)]
    return chosen, slices


def tokens(chosen: Plan, queries: int) -> int:
    """Rows that a picture cut like this takes in the language model, without its tags."""
    return chosen.slices * queries


def sizes_of(slices: Sequence[Slice]) -> list[tuple[int, int]]:
    return [(one.rows, one.cols) for one in slices]


def _grids(count: int) -> Iterator[tuple[int, int]]:
    return ((cols, count // cols) for cols in range(1, count + 1) if count % cols == 0)


def _to_multiple(length: float, step: int) -> int:
    return max(round(length / step) * step, step)  # round half to even: part of the contract


def _fit(width: float, height: float, rule: SliceRule, enlarge: bool) -> Size:
    """The size of about one slice's area with this shape; a smaller picture keeps its size unless `enlarge`."""
    if enlarge or width * height > rule.scale * rule.scale:
        shape = width / height
        height = int(rule.scale / math.sqrt(shape))
        width = int(height * shape)
    return _to_multiple(width, rule.patch), _to_multiple(height, rule.patch)


def _resized(picture: Image.Image, size: Size) -> NDArray[np.uint8]:
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))


def _slice(pixels: NDArray[np.uint8], patch: int) -> Slice:
    height, width, _ = pixels.shape
    rows, cols = height // patch, width // patch
    patches = pixels.reshape(rows, patch, cols, patch, 3).transpose(4, 1, 0, 2, 3)  # (3, p, rows, cols, p)
    return Slice(np.ascontiguousarray(patches).reshape(3, patch, rows * cols * patch), rows, cols)
