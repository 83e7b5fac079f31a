"""NanoDet-g: the object detection network and the decoding of its outputs.

The network is RangiLyu's NanoDet-g (github.com/RangiLyu/nanodet, Apache-2.0): a CSP backbone, a path aggregation
neck without weights, and a head whose boxes are "generalized focal loss" distributions (Li et al., 2020): each of
the four distances from a cell's centre to the box's sides is the expectation over eleven bins, in strides.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

KINDS = 80
BINS = 11
STRIDES = (8, 16, 32)

_MEAN = torch.tensor([103.53, 116.28, 123.675])  # of blue, green and red, from training
_SCALE = 1 / torch.tensor([57.375, 57.12, 58.395])

_SAME_OBJECT = 0.6  # overlap from which two boxes of one class are one object
_MAX_CANDIDATES = 200


class NanoDet:
    """The immutable weights, shared by all threads. `state` has `N.w` and `N.b`, N in order of execution."""

    def __init__(self, state: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        self.dtype = dtype
        count = len(state) // 2
        self._kernels = [state[f"{n}.w"].to(dtype, memory_format=torch.channels_last) for n in range(count)]
        self._biases = [state[f"{n}.b"].to(dtype) for n in range(count)]

    @torch.inference_mode()
    def __call__(self, bgr: NDArray[np.uint8]) -> list[Tensor]:
        """(H, W, 3) uint8, sides multiples of 32 -> per stride the float32 logits (cells, 80 + 4 * 11), row by row."""
        pixels = (torch.from_numpy(bgr).float() - _MEAN) * _SCALE
        x = pixels.to(self.dtype).permute(2, 0, 1)[None]  # a view: its memory is channels_last already
        return [grid.float().flatten(2)[0].T for grid in _Pass(self._kernels, self._biases).run(x)]


class _Pass:
    """One forward pass. The weights are stored in the order in which it uses them."""

    def __init__(self, kernels: list[Tensor], biases: list[Tensor]) -> None:
        self._weights = zip(kernels, biases, strict=True)

    def run(self, x: Tensor) -> list[Tensor]:
        x = F.max_pool2d(self._conv(x, stride=2), 3, 2, 1)
        x = self._stage(x, blocks=1, stride=1)
        fine = self._stage(x, blocks=2, stride=2)
        middle = self._stage(fine, blocks=2, stride=2)
        coarse = self._stage(middle, blocks=3, stride=2)
        # The neck: top down, then bottom up.
        coarse = self._plain_conv(coarse)
        middle = self._plain_conv(middle) + _resized(coarse, 2.0)
        fine = self._plain_conv(fine) + _resized(middle, 2.0)
        middle = middle + _resized(fine, 0.5)
        coarse = coarse + _resized(middle, 0.5)
        heads = [self._plain_conv(self._conv(level)) for level in (coarse, middle, fine)]
        return heads[::-1]

    def _stage(self, x: Tensor, blocks: int, stride: int) -> Tensor:
        entry = x = self._conv(x, stride)
        for _ in range(blocks):
            half = self._conv(x)
            x = torch.cat([self._conv(half), half], 1)
        return torch.cat([self._conv(x), entry], 1)

    def _conv(self, x: Tensor, stride: int = 1) -> Tensor:
        return F.leaky_relu_(self._plain_conv(x, stride), 0.1)

    def _plain_conv(self, x: Tensor, stride: int = 1) -> Tensor:
        kernel, bias = next(self._weights)
        return F.conv2d(x, kernel, bias, stride, padding=kernel.shape[-1] // 2)


def _resized(x: Tensor, factor: float) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def decode(
    levels: list[Tensor], width: int, height: int, min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """The detections in the network's input of `width` x `height` with a score of at least `min_score`, best first.

    Returns boxes (n, 4) as left, top, right, bottom in fractions, scores (n,) and kinds (n,).
    """
    picked = [_candidates(grid, stride, width, min_score) for grid, stride in zip(levels, STRIDES, strict=True)]
    boxes, scores, kinds = (torch.cat(parts) for parts in zip(*picked, strict=True))
    best = scores.topk(min(_MAX_CANDIDATES, len(scores))).indices
    size = torch.tensor([width, height, width, height], dtype=torch.float32)
    sides = (boxes[best] / size).clamp(0, 1).numpy()
    return _without_doubles(sides, scores[best].numpy(), kinds[best].numpy(), min_score)


def _candidates(grid: Tensor, stride: int, width: int, min_score: float) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes in pixels, scores and kinds of the cells of one stride whose score is high enough."""
    scores, kinds = grid[:, :KINDS].max(1)
    cells = torch.nonzero(scores > np.log(min_score / (1 - min_score)))[:, 0]  # so that few cells need the sigmoid
    columns = width // stride
    centres = torch.stack([cells % columns, cells // columns], 1).float().add(0.5).mul(stride)
    bins = grid[cells, KINDS:].reshape(-1, 4, BINS).softmax(2)
    reach = bins @ torch.arange(BINS, dtype=torch.float32) * stride  # left, top, right, bottom
    boxes = torch.cat([centres - reach[:, :2], centres + reach[:, 2:]], 1)
    return boxes, scores[cells].sigmoid(), kinds[cells]


def _without_doubles(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], kinds: NDArray[np.int64], min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Non-maximum suppression within each class."""
    if not len(boxes):
        return boxes, scores, kinds
    corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxesBatched(
        corner_and_size.tolist(), scores.tolist(), kinds.tolist(), score_threshold=min_score, nms_threshold=_SAME_OBJECT
    )
    order = np.asarray(kept, dtype=np.int64).reshape(-1)
    return boxes[order], scores[order], kinds[order]
