"""What one session of MiniCPM3 keeps of its past: latents instead of keys and values.

Multi-head latent attention needs, of every token and layer, one vector from which all heads' keys and values can be
made, and one rotated key that all heads share: 256 + 32 numbers instead of 6,400. Only the rotated part knows where a
token stands, so this cache rolls as `KVCache` does: what stands behind a gap moves up, and that part is rotated on.
Tensors without policy; preallocated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dialogue.llm.rolling_rows import RollingRows
from dialogue.llm.rotary import Rotary


class LatentCache(RollingRows):
    """`storage` is (layers, 1, 1, rows, latent + turning): the latent of a token, then its rotated key."""

    def __init__(
        self,
        layers: int,
        latent: int,
        turning: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self.storage = torch.zeros(layers, 1, 1, capacity, latent + turning, dtype=dtype, device=device)
        super().__init__(capacity)
        self.latent = latent

    @property
    def dtype(self) -> torch.dtype:
        return self.storage.dtype

    def append(self, layer: int, rows: Tensor) -> Tensor:
        """Write the new tokens of one layer behind `length`; they count only after `advance`.

        `rows` is (T, latent + turning). Returns a view of all rows of the layer, the new ones included.
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
