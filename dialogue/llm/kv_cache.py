"""The KV cache of one session.

It is allocated once, so it never grows and no step copies it. `rolling_ledger.py` decides about evictions.
"""

from __future__ import annotations

import math
import mmap

import torch
from torch import Tensor

from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.rolling_rows import RollingRows
from dialogue.llm.rotary import Rotary


class KVCache(RollingRows):
    """Rotated keys, and values, of every layer, for `length` tokens at positions 0 .. length.

    `storage` is one tensor (layers, 2, kv_heads, rows, head_dim): the rows of one head are contiguous, the order in
    which attention reads them. There are at least `capacity` rows, a multiple of 16 because the compiled step
    processes 16 keys at once. dtype is float32, bfloat16 or float16.
    """

    def __init__(
        self,
        layers: int,
        kv_heads: int,
        head_dim: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        *,
        device: torch.device | str = "cpu",
        adapter: Adapter | None = None,
    ) -> None:
        rows = -(-capacity // 16) * 16
        self.storage = _zeros((layers, 2, kv_heads, rows, head_dim), dtype, torch.device(device))
        super().__init__(capacity, adapter)
        # Views made once: slicing the storage 60 times per token costs as much as a small layer.
        self._keys = [self.storage[layer, 0] for layer in range(layers)]
        self._values = [self.storage[layer, 1] for layer in range(layers)]

    @property
    def dtype(self) -> torch.dtype:
        return self.storage.dtype

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Writes the new tokens of one layer after `length`; they count only after `advance`.

        `keys` (rotated) and `values` are (kv_heads, T, head_dim). Returns views of all keys and values of the layer,
        including the new ones: (kv_heads, length + T, head_dim) each.
        """
        end = self.length + keys.shape[1]
        assert end <= self.capacity, f"{end} tokens do not fit in a cache of {self.capacity}: evict first"
        self._keys[layer][:, self.length : end] = keys
        self._values[layer][:, self.length : end] = values
        return self._keys[layer][:, :end], self._values[layer][:, :end]

    def lift(self, start: int) -> Tensor:
        """Takes all tokens from `start` on out of the cache, to be put back by `land`."""
        assert 0 <= start <= self.length, f"Cannot lift from {start}: the cache has {self.length} tokens."
        taken = self.storage[:, :, :, start : self.length].clone()
        self.length = start
        return taken

    def land(self, taken: Tensor, moved_by: int, rotary: Rotary) -> None:
        """Appends lifted tokens, whose positions are now `moved_by` later than before."""
        end = self.length + taken.shape[3]
        assert end <= self.capacity, f"{end} tokens do not fit in a cache of {self.capacity}: evict first"
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            keys[:, self.length : end] = rotary.shift(taken[layer, 0], moved_by) if moved_by else taken[layer, 0]
            values[:, self.length : end] = taken[layer, 1]
        self.length = end

    def _move_rows(self, start: int, to: int, tail: int, rotary: Rotary) -> None:
        # Layer by layer: all at once would be no faster and need the memory of a second cache.
        for keys, values in zip(self._keys, self._values, strict=True):
            keys[:, to : to + tail] = rotary.shift(keys[:, start : start + tail], to - start)
            values[:, to : to + tail] = values[:, start : start + tail].clone()


def _zeros(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Zeros; in the memory of the processor they take space only where they are written."""
    numbers = math.prod(shape)
    if device.type != "cpu" or not numbers:
        return torch.zeros(shape, dtype=dtype, device=device)
    # From the system, in small pages: torch would write the zeros, and numpy asks for huge pages.
    room = mmap.mmap(-1, numbers * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return torch.frombuffer(room, dtype=dtype).reshape(shape)
