"""What a stream leaves behind in the layers it has passed: convolved frames, keys and values.

Tensors are replaced, never written into, so that a copy of the whole costs nothing and a turn can begin again from
where the voice was set up. Knows no layer: each says under which key its own is kept.
"""

from __future__ import annotations

import torch
from torch import Tensor

Key = tuple[int | str, ...]


class StreamState:
    """One kind of memory of one stream; all that is `joined` has the same length."""

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
        """(B, channels, T) -> (B, channels, count + T), with the last `count` frames of earlier in front (silence at
        the beginning): what a convolution that looks back so far needs."""
        earlier = self._kept.get(key)
        if earlier is None:
            earlier = frames.new_zeros(*frames.shape[:2], count)
        joined = torch.cat([earlier, frames], dim=-1)
        self._kept[key] = joined[..., joined.shape[-1] - count :]
        return joined

    def joined(self, key: Key, rows: Tensor) -> Tensor:
        """(B, heads, T, d) -> all rows so far, these included, oldest first."""
        earlier = self._kept.get(key)
        self._kept[key] = rows if earlier is None else torch.cat([earlier, rows], dim=2)
        return self._kept[key]

    def seen(self, new: int, total: int) -> Tensor | None:
        """Who among `total` rows the `new` ones may see, bool (new, total); None: all of them. A piece of a stream
        sees itself whole and everything before it."""
        return None

    def trim(self, first: int, last: int) -> None:
        """Of what was joined, keep the `first` rows and the `last` ones."""
        for key, rows in self._kept.items():
            if rows.ndim == 4 and rows.shape[2] > first + last:
                self._kept[key] = torch.cat([rows[:, :, :first], rows[:, :, rows.shape[2] - last :]], dim=2)
