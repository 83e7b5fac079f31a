"""The matrices that lead into MiniCPM3's latent space and out of it: floats, or 8 or 4 bits with a scale a row.

A row (one number of a head, all latents) has its scale outside of the product, so that only the codes are unpacked.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dialogue.llm.precision import Precision

_LARGEST = {"int8": 127, "int4": 7}


class LatentWeights:
    """(heads, rows, latents)."""

    def __init__(self, weight: Tensor, precision: Precision, dtype: torch.dtype) -> None:
        self._scale: Tensor | None = None
        if precision not in ("int8", "int4"):
            self._codes = weight.to(dtype).contiguous()
            return
        floats = weight.float()
        scale = floats.abs().amax(-1, keepdim=True).clamp(min=1e-12) / _LARGEST[precision]
        codes = (floats / scale).round().to(torch.int8)
        if precision == "int4":  # two in a byte: the first half of the latents in the low bits
            first, second = (codes + 8).to(torch.uint8).chunk(2, dim=-1)
            codes = first | second << 4
        self._codes, self._scale = codes.contiguous(), scale[..., 0].to(dtype)

    def into(self, x: Tensor) -> Tensor:
        """(heads, T, rows) -> (heads, T, latents)."""
        return (x if self._scale is None else x * self._scale[:, None]) @ self._floats(x.dtype)

    def out_of(self, x: Tensor) -> Tensor:
        """(heads, T, latents) -> (heads, T, rows)."""
        y = x @ self._floats(x.dtype).transpose(1, 2)
        return y if self._scale is None else y * self._scale[:, None]

    def nbytes(self) -> int:
        return self._codes.nbytes + (0 if self._scale is None else self._scale.nbytes)

    def _floats(self, dtype: torch.dtype) -> Tensor:
        codes = self._codes
        if codes.dtype == torch.uint8:
            codes = torch.cat(((codes & 15).to(torch.int8), (codes >> 4).to(torch.int8)), dim=-1) - 8
        return codes.to(dtype)
