"""EfficientNet-Lite0: a classifier of 1000 kinds (ImageNet-1k), run on the crop of one object.

The architecture is that of Tan and Le (2019), without squeeze-and-excitation and with ReLU6 (the Lite variants of the
TensorFlow authors, Apache-2.0): inverted residual blocks, batch normalisation, padding as TensorFlow's SAME.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vision.picture import Pixels

SIDE = 224
_BLOCKS = 16
_HALVING = {1, 3, 5, 11}  # blocks with a stride of 2
_EPSILON = 1e-3  # of the batch normalisation

_Layer = tuple[Tensor, Tensor]  # kernel and bias


class EfficientNetLite:
    """The immutable weights, shared by all threads."""

    def __init__(self, weights_path: Path | str) -> None:
        """Raises ValueError if the file does not contain the classifier's weights."""
        try:
            state = load_file(weights_path)
            self._stem = _layer(state, "_conv_stem", "_bn0")
            self._blocks = [_block(state, number) for number in range(_BLOCKS)]
            self._head = _layer(state, "_conv_head", "_bn1")
            self._classes: _Layer = state["_fc.weight"], state["_fc.bias"]
        except (OSError, SafetensorError, KeyError) as error:
            raise ValueError(f"{weights_path} does not contain the classifier's weights: pull it again.") from error

    @torch.inference_mode()
    def probabilities(self, rgb: Pixels) -> NDArray[np.float32]:
        """(1000,) of the crop (h, w, 3), which is squeezed to a square. Blocks for about 10 ms."""
        small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        x = ((torch.from_numpy(small).float() - 127) / 128).permute(2, 0, 1)[None]
        x = F.relu6(_conv(x, self._stem, stride=2), inplace=True)
        for number, (expand, depthwise, project) in enumerate(self._blocks):
            y = x if expand is None else F.relu6(_conv(x, expand), inplace=True)
            y = F.relu6(_conv(y, depthwise, 2 if number in _HALVING else 1, y.shape[1]), inplace=True)
            y = _conv(y, project)
            x = y.add_(x) if y.shape == x.shape else y
        pooled = F.relu6(_conv(x, self._head), inplace=True).mean((2, 3))
        return np.asarray(F.linear(pooled, *self._classes)[0].softmax(0), np.float32)


def _block(state: Mapping[str, Tensor], number: int) -> tuple[_Layer | None, _Layer, _Layer]:
    """Expansion (not in the first block), depthwise convolution and projection."""
    name = f"_blocks.{number}."
    expand = _layer(state, f"{name}_expand_conv", f"{name}_bn0") if number else None
    depthwise = _layer(state, f"{name}_depthwise_conv", f"{name}_bn1")
    return expand, depthwise, _layer(state, f"{name}_project_conv", f"{name}_bn2")


def _layer(state: Mapping[str, Tensor], conv: str, norm: str) -> _Layer:
    """A convolution with the batch normalisation behind it, as one."""
    gain = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPSILON)
    kernel = (state[f"{conv}.weight"] * gain[:, None, None, None]).to(memory_format=torch.channels_last)
    return kernel, state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain


def _conv(x: Tensor, layer: _Layer, stride: int = 1, groups: int = 1) -> Tensor:
    """Padded so that the output's sides are those of `x` / `stride`, with the odd pixel at the right and the bottom."""
    side = layer[0].shape[-1]
    if stride == 1:
        return F.conv2d(x, *layer, padding=side // 2, groups=groups)
    before = (side - stride) // 2
    after = side - stride - before
    return F.conv2d(F.pad(x, (before, after, before, after)), *layer, stride=stride, groups=groups)
