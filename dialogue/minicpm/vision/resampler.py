"""Cross attention from a fixed number of learned queries to the patches of a slice: every slice costs the same.

Knows nothing of pictures; the same in 2.5, 2.6, o 2.6 and o 4.5 up to sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

HEAD_DIM = 128


class PerceiverResampler(nn.Module):
    """(slices, longest, features_in) -> (slices, queries, width). `width` is that of the language model."""

    def __init__(self, queries: int, width: int, features_in: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(queries, width))
        self.kv_proj = nn.Linear(features_in, width, bias=False)
        self.attn = nn.MultiheadAttention(width, width // HEAD_DIM, batch_first=True)
        self.ln_q = nn.LayerNorm(width, eps=1e-6)
        self.ln_kv = nn.LayerNorm(width, eps=1e-6)
        self.ln_post = nn.LayerNorm(width, eps=1e-6)
        self.proj = nn.Parameter(torch.empty(width, width))

    def forward(self, features: Tensor, sizes: Sequence[tuple[int, int]]) -> Tensor:
        """`sizes` are (rows, columns) of each slice; features behind rows * columns are ignored."""
        counts = torch.tensor([rows * cols for rows, cols in sizes], device=features.device)
        patches = self.ln_kv(self.kv_proj(features[:, : int(counts.max())]))
        places = torch.zeros_like(patches)
        for place, (rows, cols) in zip(places, sizes, strict=True):
            place[: rows * cols] = position_table(rows, cols, patches.shape[-1]).to(place)
        hidden = torch.arange(patches.shape[1], device=features.device) >= counts[:, None]
        queries = self.ln_q(self.query).expand(len(sizes), -1, -1)
        found, _ = self.attn(queries, patches + places, patches, key_padding_mask=hidden, need_weights=False)
        return self.ln_post(found) @ self.proj


@lru_cache(maxsize=128)
def position_table(rows: int, cols: int, width: int) -> Tensor:
    """Sine/cosine places of a grid row by row, float32 (rows * cols, width): columns in the first half, rows in
    the second."""
    across = _waves(cols, width // 2).expand(rows, -1, -1)
    down = _waves(rows, width // 2)[:, None].expand(-1, cols, -1)
    return torch.cat([across, down], dim=-1).flatten(0, 1)


def _waves(length: int, width: int) -> Tensor:
    """(length, width): sines, then cosines, of frequencies falling from 1 to 1/10000. In float32 from the first step,
    as the weights were trained: beyond a hundred patches exact arithmetic differs in the fifth decimal."""
    steps = np.arange(width // 2, dtype=np.float32) / np.float32(width / 2)
    angles = np.arange(length, dtype=np.float32)[:, None] * (np.float32(1) / np.float32(10000) ** steps)
    return torch.from_numpy(np.concatenate([np.sin(angles), np.cos(angles)], axis=-1))
