"""Rotary position embedding: rotate queries and keys to a position, and cached keys from one position to another.

Tensors only; which keys move, and why, is decided elsewhere. Pairs are (i, i + head_dim / 2), as in Hugging Face
weights. Angles are made in float64: a key that is moved from p to q then equals a key made at q to float32
precision, whereas float32 angles are off by 1e-4 rad at position 2,000 already.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dialogue.llm.checkpoints.decoder_config import RopeConfig
from dialogue.llm.rope_frequencies import frequencies

_FIRST_TABLE = 4096


class Rotary:
    """Cosine and sine tables of one model, shared by all sessions. The tables grow on demand, values never change."""

    def __init__(self, rope: RopeConfig, head_dim: int, context: int, device: torch.device | str = "cpu") -> None:
        frequency, self.attention_factor = frequencies(rope, head_dim, context)
        self._frequency = frequency.to(torch.float64)
        self._device = torch.device(device)
        self._cos, self._sin = self._tables(torch.arange(min(_FIRST_TABLE, context)))

    def span(self, start: int, tokens: int) -> tuple[Tensor, Tensor]:
        """Cosine and sine of positions start .. start + tokens, each float32 (tokens, head_dim / 2)."""
        cos, sin = self._cover(start + tokens)
        return cos[start : start + tokens], sin[start : start + tokens]

    def at(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine of any positions, int64 (T,) -> float32 (T, head_dim / 2) each."""
        cos, sin = self._cover(int(positions.max()) + 1)
        return cos[positions], sin[positions]

    def shift(self, keys: Tensor, by: int) -> Tensor:
        """Keys that stood at p, rotated to stand at p + by (negative: earlier). (..., head_dim) in any float dtype.

        The rotation is computed in float32 and rounded once to the keys' dtype.
        """
        return rotate(keys.float(), *self.angle(by)).to(keys.dtype)

    def angle(self, by: int) -> tuple[Tensor, Tensor]:
        """Cosine and sine of a move by so many positions (negative: earlier), each float32 (head_dim / 2,)."""
        angle = self._frequency * by
        return angle.cos().float().to(self._device), angle.sin().float().to(self._device)

    def _cover(self, positions: int) -> tuple[Tensor, Tensor]:
        cos, sin = self._cos, self._sin
        if positions > len(cos):
            # Replaced whole, never edited: a reader in another thread keeps a valid pair.
            cos, sin = self._tables(torch.arange(max(positions, 2 * len(cos))))
            self._cos, self._sin = cos, sin
        return cos, sin

    def _tables(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        angle = positions.double()[:, None] * self._frequency
        cos = (angle.cos() * self.attention_factor).float().to(self._device)
        return cos, (angle.sin() * self.attention_factor).float().to(self._device)


def rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate (..., head_dim) by angles whose cosine and sine are (..., head_dim / 2), broadcast from the left."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
