"""Attention written out plainly, for tests that compare networks with published formulas."""

from __future__ import annotations

import math

from torch import Tensor


def attention(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """(n, width) of each, already projected."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(0, 1) for x in (query, key, value))
    weights = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
    mixed: Tensor = (weights @ v).transpose(0, 1).flatten(1)
    return mixed
