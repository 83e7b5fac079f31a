"""Matrix products of a decoder: float weights, or 8- and 4-bit weights with float activations.

`quantise` makes one from a float matrix; nothing here knows which layer it serves. On the CPU the quantised kernels
are fast for bfloat16 activations only, so they compute in bfloat16 and return the dtype they were given. The CUDA
branches have not been run on a GPU by us.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.precision import Precision

GROUP = 32  # inputs that share one 4-bit scale and minimum, as in GGUF's Q4_1
_AT_ONCE = 1 << 18  # numbers that are at full size while a matrix is quantised
_MANY_TOKENS = 32  # from here on unpacking int8 once is cheaper than the row-at-a-time kernel


class Linear(Protocol):
    """x (..., inputs) -> (..., outputs), in x's dtype."""

    outputs: int

    def __call__(self, x: Tensor) -> Tensor: ...

    def nbytes(self) -> int: ...


def make_linear(weight: Tensor, bias: Tensor | None, precision: Precision, device: torch.device) -> Linear:
    """A product with `weight` (outputs, inputs), any float dtype, stored at `precision` on `device`.

    A matrix whose sizes the 4-bit kernels do not fit is stored at 8 bits.
    """
    fits = weight.shape[1] % (GROUP if device.type == "cpu" else 128) == 0 and weight.shape[0] % 16 == 0
    if bias is not None:
        bias = bias.to(device)
    if precision == "int4" and fits:
        return Int4Linear(weight, bias, device)
    if precision in ("int8", "int4"):
        return Int8Linear(weight, bias, device)
    return DenseLinear(weight, bias, torch.float32 if precision == "float32" else torch.bfloat16, device)


def stored_bytes(outputs: int, inputs: int, precision: Precision) -> int:
    """Memory of a matrix that `make_linear` has stored on the processor."""
    if precision == "int4" and inputs % GROUP == 0 and outputs % 16 == 0:
        return outputs * inputs // 2 + outputs * (inputs // GROUP) * 4
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
    """One scale for each output row, symmetric."""

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

    def nbytes(self) -> int:
        return self.weight.nbytes + self.scale.nbytes


class Int4Linear:
    """A scale and a minimum for each group of 32 inputs of a row.

    Taking them from the group's extremes recovers the groups of a Q4_1 file exactly, because that is how such files
    are made; only the scales are then rounded to the kernel's bfloat16.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, device: torch.device) -> None:
        self.outputs, inputs = weight.shape
        self.bias = bias
        self.scales = torch.empty(inputs // GROUP, self.outputs, 2, dtype=torch.bfloat16, device=device)
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
        """Of some rows, whose scales are kept."""
        codes, scale, minimum = quantise_groups(weight[rows].to(device=self.scales.device, dtype=torch.float32))
        # The kernels compute scale * (code - 8) + zero.
        self.scales[:, rows] = torch.stack((scale, minimum + 8 * scale), dim=-1).transpose(0, 1)
        return codes

    def __call__(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1]).to(torch.bfloat16)
        if rows.is_cuda:
            y = torch.ops.aten._weight_int4pack_mm(rows, self.packed, GROUP, self.scales)
        else:
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, GROUP, self.scales)
        return _finish(y, self.bias, x)

    def nbytes(self) -> int:
        return self.packed.nbytes + self.scales.nbytes


def _blocks(weight: Tensor) -> Iterator[slice]:
    """Rows of a matrix, so few at a time that what is computed on the way takes no memory to speak of; 64 of them
    belong together in the 4-bit kernels' layout."""
    outputs, inputs = weight.shape
    step = max(1, _AT_ONCE // inputs // 64) * 64
    return (slice(start, min(start + step, outputs)) for start in range(0, outputs, step))


def quantise_groups(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """float32 (N, K) -> codes uint8 (N, K) of 0..15, scale and minimum float32 (N, K / 32).

    A weight is about code * scale + minimum.
    """
    groups = weight.reshape(weight.shape[0], -1, GROUP)
    minimum = groups.amin(dim=-1, keepdim=True)
    scale = (groups.amax(dim=-1, keepdim=True) - minimum) / 15
    codes = ((groups - minimum) / scale.clamp(min=1e-12)).round().to(torch.uint8)
    return codes.reshape(weight.shape), scale[..., 0], minimum[..., 0]


def _finish(y: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    y = y.to(x.dtype)
    if bias is not None:
        y += bias.to(x.dtype)
    return y.reshape(*x.shape[:-1], -1)
