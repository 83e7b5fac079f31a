"""Change detection: how much two frames differ, how sharp one is, and whether it has the fine detail of text.

Changes of exposure, camera noise and the shaking of a hand do not count as change. Four milliseconds at 1280×720.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.colours import is_covered
from vision.picture import Pixels

_LONGEST = 640  # pixels of the longer side that is examined
_THUMB = (160, 120)
_BLOCK = 8  # thumbnail pixels per side: a letter of a sign, a hand at the far end of a room
_BLOCK_DIFFERS = 12.0  # grey levels of 255, mean over a block
_MAX_GAIN = 2.0  # of exposure between two pictures of the same view
_STIFFNESS = 64.0  # grey levels²: a picture with less contrast hardly determines the gain, which then stays near 1
_BLACK, _WHITE = 5, 248  # grey levels beyond which the sensor is saturated
_FITS = 3
_MIN_PIXELS = 50
_MAX_SHAKE = 6  # thumbnail pixels
_MIN_SHAKE = 0.3  # less is noise
_WINDOW = cv2.createHanningWindow(_THUMB, cv2.CV_32F)

_CELLS = (32, 24)
_BLOCKS = (_THUMB[0] // _BLOCK, _THUMB[1] // _BLOCK)
_STROKE = 40  # grey levels between neighbours at an edge, as strokes of letters have
_WRITTEN = 0.06  # share of edges in a cell that may contain text


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """The part of a frame that is kept for comparison.

    `thumb` (120, 160) are grey levels, `grain` (24, 32, 3) single pixels as the sensor sent them; `sharpness` compares
    frames of one view (the variance of the Laplacian); `writing` (15, 20) are the blocks with fine detail as text has
    it, and those around them; `dark`: the lens is covered, or there is no light.
    """

    thumb: NDArray[np.float32]
    grain: Pixels
    sharpness: float
    writing: NDArray[np.bool_]
    dark: bool

    @property
    def may_hold_text(self) -> bool:
        return bool(self.writing.any())


def sketch(rgb: Pixels) -> Sketch:
    """The sketch of a picture of any size."""
    grain = cv2.resize(rgb, _CELLS, interpolation=cv2.INTER_NEAREST)
    longest = max(rgb.shape[:2])
    if longest > _LONGEST:
        width, height = (max(1, round(side * _LONGEST / longest)) for side in rgb.shape[1::-1])
        rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    thumb = cv2.resize(grey, _THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
    edges = cv2.threshold(_steps(grey), _STROKE, 1, cv2.THRESH_BINARY)[1]
    detail = cv2.resize(edges.astype(np.float32), _CELLS, interpolation=cv2.INTER_AREA)
    sharpness = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0]) ** 2
    written = (cv2.blur(detail, (3, 3)) > _WRITTEN).astype(np.float32)
    writing = cv2.resize(written, _BLOCKS, interpolation=cv2.INTER_AREA) > 0
    return Sketch(thumb, np.asarray(grain, np.uint8), sharpness, writing, is_covered(rgb))


def moved(before: Sketch, after: Sketch) -> float:
    """The share of the picture, 0..1, that has changed, with what a shaking hand does to it left out."""
    return float(_changed(before, after).mean())


def moved_in_place(before: Sketch, after: Sketch) -> float:
    """The share of the picture, 0..1, that has changed, with the movement of the camera."""
    return float(_different(before.thumb, after.thumb).mean())


def rewritten(before: Sketch, after: Sketch) -> bool:
    """Whether a part of the picture has changed that has, or had, writing on it; without any writing, any part."""
    changed, writing = _changed(before, after), before.writing | after.writing
    return bool((changed & writing if writing.any() else changed).any())


def _changed(before: Sketch, after: Sketch) -> NDArray[np.bool_]:
    """The blocks (15, 20) that have changed, with what a shaking hand does to the picture left out."""
    changed = _different(before.thumb, after.thumb)
    if not changed.any():
        return changed
    # OpenCV multiplies pictures of a good size by the window in place.
    (x, y), _ = cv2.phaseCorrelate(before.thumb.copy(), after.thumb.copy(), _WINDOW)
    if not _MIN_SHAKE <= max(abs(x), abs(y)) <= _MAX_SHAKE:
        return changed
    back = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    steadied = cv2.warpAffine(after.thumb, back, _THUMB, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros_like(changed)
    inside[1:-1, 1:-1] = _different(before.thumb, steadied, tolerance=1)[1:-1, 1:-1]
    return min(changed, inside, key=np.count_nonzero)


def _different(before: NDArray[np.float32], after: NDArray[np.float32], tolerance: int = 0) -> NDArray[np.bool_]:
    """The blocks (15, 20) of two thumbnails that differ. A pixel may lie `tolerance` pixels away."""
    exposed = _exposed_like(before, after)
    if tolerance:
        kernel = np.ones((2 * tolerance + 1,) * 2, np.uint8)
        difference = np.maximum(exposed - cv2.dilate(before, kernel), cv2.erode(before, kernel) - exposed)
    else:
        difference = np.abs(exposed - before)
    # A saturated pixel may stand for any brighter value, so a brighter pixel in the other picture is no difference.
    difference[(after >= _WHITE) & (exposed < before)] = 0
    difference[(before >= _WHITE) & (exposed > before)] = 0
    columns, rows = _BLOCKS
    blocks = np.maximum(difference, 0).reshape(rows, _BLOCK, columns, _BLOCK).mean((1, 3))
    different: NDArray[np.bool_] = blocks > _BLOCK_DIFFERS
    return different


def _steps(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w - 1) absolute difference of each pixel to the one on its right."""
    if grey.shape[1] < 2:
        return np.zeros_like(grey)
    steps: NDArray[np.uint8] = cv2.absdiff(grey[:, 1:], grey[:, :-1])
    return steps


def _exposed_like(model: NDArray[np.float32], thumb: NDArray[np.float32]) -> NDArray[np.float32]:
    """`thumb` with the exposure of `model`.

    Gain and offset come from a least squares fit over the pixels, repeated over those that fit best: either most of
    the picture is unchanged, or it is another picture and no exposure makes the two alike.
    """
    some, like = thumb[::2, ::2], model[::2, ::2]  # a quarter of the pixels is enough
    fits = (np.maximum(some, like) < _WHITE) & (np.minimum(some, like) > _BLACK)
    gain, offset = 1.0, 0.0
    for _ in range(_FITS):
        if fits.sum() < _MIN_PIXELS:
            break
        x, y = some[fits], like[fits]
        x_mean, y_mean = float(x.mean()), float(y.mean())
        covariance, variance = float(((x - x_mean) * (y - y_mean)).mean()), float(x.var())
        gain = min(max((covariance + _STIFFNESS) / (variance + _STIFFNESS), 1 / _MAX_GAIN), _MAX_GAIN)
        offset = y_mean - gain * x_mean
        misses = np.abs(gain * some + offset - like)
        fits &= misses <= np.median(misses[fits])
    return (gain * thumb + np.float32(offset)).astype(np.float32)
