"""Linear layers of a decoder: float weights, or int8 and int4 weights with float activations.

`make_linear` makes one from a float matrix. On the CPU the quantised kernels are fast only for bfloat16 activations,
so they compute in bfloat16 and return the dtype of the input. The CUDA branches have not been tested on a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.precision import Precision

GROUP = 32  # inputs that share one 4-bit scale and minimum, as in GGUF's Q4_1, unless a caller wants larger groups
_AT_ONCE = 1 << 18  # weights in float32 at a time while a matrix is quantised
_MANY_TOKENS = 32  # tokens from which unpacking int8 once is cheaper than the kernel for single rows


class Linear(Protocol):
    """x (..., inputs) -> (..., outputs), in x's dtype."""

    outputs: int

    def __call__(self, x: Tensor) -> Tensor: ...

    def nbytes(self) -> int: ...


def make_linear(
    weight: Tensor, bias: Tensor | None, precision: Precision, device: torch.device, group: int = GROUP
) -> Linear:
    """A linear layer with `weight` (outputs, inputs), any float dtype, stored at `precision` on `device`.

    At 4 bits `group` inputs (32, 64, 128 or 256) share a scale, or the largest smaller group that divides the inputs. A
    matrix whose size the 4-bit kernels do not support is stored at 8 bits.
    """
    fits = weight.shape[1] % (GROUP if device.type == "cpu" else 128) == 0 and weight.shape[0] % 16 == 0
    if bias is not None:
        bias = bias.to(device)
    if precision == "int4" and fits:
        return Int4Linear(weight, bias, device, fitting_group(weight.shape[1], group))
    if precision in ("int8", "int4"):
        return Int8Linear(weight, bias, device)
    return DenseLinear(weight, bias, torch.float32 if precision == "float32" else torch.bfloat16, device)


def fitting_group(inputs: int, wanted: int) -> int:
    """The largest group, from `wanted` down, that divides the inputs."""
    return next((group for group in (256, 128, 64) if group <= wanted and inputs % group == 0), GROUP)


def stored_bytes(outputs: int, inputs: int, precision: Precision, group: int = GROUP) -> int:
    """The size of a matrix that `make_linear` stores on the CPU."""
    if precision == "int4" and inputs % GROUP == 0 and outputs % 16 == 0:
        return outputs * inputs // 2 + outputs * (inputs // fitting_group(inputs, group)) * 4
    if precision in ("int8", "int4"):
        return outputs * inputs + outputs * 2
    return outputs * inputs * (4 if precision == "float32" else 2)


class DenseLinear:
    """Float weights in the precision of the activations."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype, device: torch.device) -> None:
        self.weight = weight.to(device=device, dtype=dtype)
        self.bias = None if bias is None else bias.to(dtype)
        self.outputs = weight.shape[0]

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def nbytes(self) -> int:
        return self.weight.nbytes


class Int8Linear:
    """Symmetric int8 weights with one scale per output row."""

    def __init__(self, weight: Tensor, bias: Tensor | None, device: torch.device) -> None:
        self.weight = torch.empty(weight.shape, dtype=torch.int8, device=device)
        self.scale = torch.empty(weight.shape[0], dtype=torch.bfloat16, device=device)
        for rows in _blocks(weight):
            block = weight[rows].to(device=device, dtype=torch.float32)
            scale = block.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
            self.weight[rows] = (block / scale).round_().to(torch.int8)
            self.scale[rows] = scale[:, 0]
        self.bias = bias
        self.outputs = weight.shape[0]

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1]).to(torch.bfloat16)
        if len(rows) < _MANY_TOKENS and not rows.is_cuda:
            y = torch._weight_int8pack_mm(rows, self.weight, self.scale)
        else:
            y = F.linear(rows, self.weight.to(torch.bfloat16)) * self.scale
        return _finish(y, self.bias, x)

    def rows(self, ids: Tensor) -> Tensor:
        """bfloat16 (..., inputs): rows of the matrix, where it is a table of embeddings."""
        return self.weight[ids].to(torch.bfloat16) * self.scale[ids][..., None]

    def nbytes(self) -> int:
        return self.weight.nbytes + self.scale.nbytes


class Int4Linear:
    """int4 weights with a scale and a minimum for each group of inputs of a row.

    They come from the group's extremes, as in the making of Q4_1 files, so with groups of 32 those of such a file are
    recovered exactly; only the scales are rounded to the kernel's bfloat16.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, device: torch.device, group: int = GROUP) -> None:
        self.outputs, inputs = weight.shape
        self.bias, self._group = bias, group
        self.scales = torch.empty(inputs // group, self.outputs, 2, dtype=torch.bfloat16, device=device)
        if device.type == "cpu":
            self.packed = torch.empty(self.outputs, inputs // 2, dtype=torch.uint8)
            for rows in _blocks(weight):
                self.packed[rows] = torch.ops.aten._convert_weight_to_int4pack_for_cpu(
                    self._codes(weight, rows).int(), 1
                )
        else:
            codes = self._codes(weight, slice(None))
            self.packed = torch.ops.aten._convert_weight_to_int4pack(codes[:, ::2] << 4 | codes[:, 1::2], 8)

    def _codes(self, weight: Tensor, rows: slice) -> Tensor:
        """The codes of some rows; stores their scales."""
        floats = weight[rows].to(device=self.scales.device, dtype=torch.float32)
        codes, scale, minimum = quantise_groups(floats, self._group)
        # The kernels compute scale * (code - 8) + zero.
        self.scales[:, rows] = torch.stack((scale, minimum + 8 * scale), dim=-1).transpose(0, 1)
        return codes

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1]).to(torch.bfloat16)
        if rows.is_cuda:
            y = torch.ops.aten._weight_int4pack_mm(rows, self.packed, self._group, self.scales)
        else:
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, self._group, self.scales)
        return _finish(y, self.bias, x)

    def nbytes(self) -> int:
        return self.packed.nbytes + self.scales.nbytes


def _blocks(weight: Tensor) -> Iterator[slice]:
    """Blocks of rows, small enough that intermediate results take little memory; multiples of 64 rows, the block of
    the 4-bit kernels' layout."""
    outputs, inputs = weight.shape
    step = max(1, _AT_ONCE // inputs // 64) * 64
    return (slice(start, min(start + step, outputs)) for start in range(0, outputs, step))


def quantise_groups(weight: Tensor, group: int = GROUP) -> tuple[Tensor, Tensor, Tensor]:
    """float32 (N, K) -> codes uint8 (N, K) of 0..15, scale and minimum float32 (N, K / group).

    A weight is approximately code * scale + minimum.
    """
    groups = weight.reshape(weight.shape[0], -1, group)
    minimum = groups.amin(dim=-1, keepdim=True)
    scale = (groups.amax(dim=-1, keepdim=True) - minimum) / 15
    codes = ((groups - minimum) / scale.clamp(min=1e-12)).round().to(torch.uint8)
    return codes.reshape(weight.shape), scale[..., 0], minimum[..., 0]


def _finish(y: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    y = y.to(x.dtype)
    if bias is not None:
        y += bias.to(x.dtype)
    return y.reshape(*x.shape[:-1], -1)
