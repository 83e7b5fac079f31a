"""State of one stream in the layers of a network: past inputs of convolutions, keys and values.

Tensors are replaced, never written into, so that a copy costs nothing and every turn can start from the state after
the voice prompt. Layers choose the keys under which their tensors are kept.
"""

from __future__ import annotations

import torch
from torch import Tensor

Key = tuple[int | str, ...]


class StreamState:
    """One kind of state of one stream; all `joined` tensors have the same length."""

    def __init__(self) -> None:
        self._kept: dict[Key, Tensor] = {}

    def copy(self) -> StreamState:
        other = type(self)()
        other._kept = dict(self._kept)
        return other

    @property
    def length(self) -> int:
        """Rows joined so far."""
        return next((rows.shape[2] for rows in self._kept.values() if rows.ndim == 4), 0)

    def before(self, key: Key, frames: Tensor, count: int) -> Tensor:
        """(B, channels, T) -> (B, channels, count + T) with the last `count` earlier frames in front (zeros at the
        start): the input of a causal convolution."""
        earlier = self._kept.get(key)
        if earlier is None:
            earlier = frames.new_zeros(*frames.shape[:2], count)
        joined = torch.cat([earlier, frames], dim=-1)
        self._kept[key] = joined[..., joined.shape[-1] - count :]
        return joined

    def joined(self, key: Key, rows: Tensor) -> Tensor:
        """(B, heads, T, d) -> all rows so far, including these, oldest first."""
        earlier = self._kept.get(key)
        self._kept[key] = rows if earlier is None else torch.cat([earlier, rows], dim=2)
        return self._kept[key]

    def seen(self, new: int, total: int) -> Tensor | None:
        """The attention mask of the `new` rows over `total` rows, bool (new, total); None: they see all rows. A piece
        of a stream sees all of itself and everything before it."""
        return None

    def trim(self, first: int, last: int) -> None:
        """Keep the `first` rows and the `last` rows of all joined tensors."""
        for key, rows in self._kept.items():
            if rows.ndim == 4 and rows.shape[2] > first + last:
                self._kept[key] = torch.cat([rows[:, :, :first], rows[:, :, rows.shape[2] - last :]], dim=2)
