"""The cache of one session of MiniCPM3: latents instead of keys and values.

Multi-head latent attention needs for each token and layer one latent vector, which gives the keys and values of all
heads, and one rotated key that all heads share: 256 + 32 numbers instead of 6,400. Only the rotated part depends on
the position, so this cache rolls as `KVCache` does: rows after a gap move up and that part is rotated further.
Preallocated tensors without an eviction policy.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.rolling_rows import RollingRows
from dialogue.llm.rotary import Rotary


class LatentCache(RollingRows):
    """`storage` is (layers, 1, 1, rows, latent + rotated): the latent of a token, then its rotated key."""

    def __init__(
        self,
        layers: int,
        latent: int,
        rotated: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        *,
        device: torch.device | str = "cpu",
        adapter: Adapter | None = None,
    ) -> None:
        self.storage = torch.zeros(layers, 1, 1, capacity, latent + rotated, dtype=dtype, device=device)
        super().__init__(capacity, adapter)
        self.latent = latent

    @property
    def dtype(self) -> torch.dtype:
        return self.storage.dtype

    def append(self, layer: int, rows: Tensor) -> Tensor:
        """Write the new tokens of one layer after `length`; they count only after `advance`.

        `rows` is (T, latent + rotated). Returns a view of all rows of the layer, including the new ones.
        """
        end = self.length + len(rows)
        assert end <= self.capacity, f"{end} tokens do not fit in a cache of {self.capacity}: evict first"
        held = self.storage[layer, 0, 0]
        held[self.length : end] = rows
        return held[:end]

    def _move_rows(self, start: int, to: int, tail: int, rotary: Rotary) -> None:
        moved = self.storage[:, :, :, start : start + tail].clone()
        moved[..., self.latent :] = rotary.shift(moved[..., self.latent :], to - start)
        self.storage[:, :, :, to : to + tail] = moved
