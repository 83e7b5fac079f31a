"""The second network of token2wav: which way a noisy mel has to move, at a time between noise (0) and sound (1).

A diffusion transformer (DiT, arXiv 2212.09748) whose blocks also convolve, backward in time only. Parameter names and
the order of operations are those of the published Step-Audio 2 sources, with which it agrees on random weights; the
published weights have not been here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.minicpm.speech.past import Key, StreamState

TIME_WAVES = 256
TIME_SCALE = 1000


@dataclass(frozen=True, slots=True)
class EstimatorSizes:
    """Read from the weights' shapes."""

    features_in: int
    features_out: int
    width: int
    heads: int
    head_dim: int
    inner: int
    blocks: int

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]]) -> EstimatorSizes:
        """`shapes` by name, the prefix of the estimator removed."""
        width, features_in = shapes["in_proj.weight"]
        head_dim = shapes["blocks.0.attn.q_norm.weight"][0]
        return cls(
            features_in=features_in,
            features_out=shapes["final_layer.linear.weight"][0],
            width=width,
            heads=shapes["blocks.0.attn.to_q.weight"][0] // head_dim,
            head_dim=head_dim,
            inner=shapes["blocks.0.mlp.fc1.weight"][0],
            blocks=1 + max(int(name.split(".")[1]) for name in shapes if name.startswith("blocks.")),
        )


class _Time(nn.Module):
    """A time (B,) -> (B, 1, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(TIME_WAVES, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, time: Tensor) -> Tensor:
        half = TIME_WAVES // 2
        frequencies = torch.exp(-math.log(10000.0) * torch.arange(half, device=time.device) / half)
        angles = (time * TIME_SCALE)[:, None] * frequencies
        return self.mlp(torch.cat([angles.cos(), angles.sin()], dim=-1).to(time))[:, None]


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, head_dim
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, heads * head_dim) for _ in range(3))
        self.q_norm, self.k_norm = nn.LayerNorm(head_dim), nn.LayerNorm(head_dim)
        self.proj = nn.Linear(heads * head_dim, width)

    def forward(self, x: Tensor, past: StreamState, key: Key) -> Tensor:
        query, keys, values = (
            product(x).unflatten(-1, (self.heads, self.head_dim)).transpose(1, 2)
            for product in (self.to_q, self.to_k, self.to_v)
        )
        both = past.joined(key, torch.cat([self.k_norm(keys), values], dim=-1))
        keys, values = both.chunk(2, dim=-1)
        seen = past.seen(query.shape[2], keys.shape[2])
        mixed = F.scaled_dot_product_attention(self.q_norm(query), keys, values, seen)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class _Convolutions(nn.Module):
    """Two of three frames, each looking back only. Their numbers are those of the published sequence."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first, second, norm = nn.Conv1d(width, width, 3), nn.Conv1d(width, width, 3), nn.LayerNorm(width)
        self.block = nn.ModuleDict({"1": first, "3": norm, "6": second})

    def forward(self, x: Tensor, past: StreamState, key: Key) -> Tensor:
        x = self.block["1"](past.before((*key, 1), x.transpose(1, 2), 2)).transpose(1, 2)
        x = F.mish(self.block["3"](x))
        return self.block["6"](past.before((*key, 2), x.transpose(1, 2), 2)).transpose(1, 2)


class _Mlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class _EstimatorBlock(nn.Module):
    def __init__(self, sizes: EstimatorSizes) -> None:
        super().__init__()
        self.attn = _Attention(sizes.width, sizes.heads, sizes.head_dim)
        self.conv = _Convolutions(sizes.width)
        self.mlp = _Mlp(sizes.width, sizes.inner)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(sizes.width, 9 * sizes.width))

    def forward(self, x: Tensor, time: Tensor, near: StreamState, far: StreamState, key: Key) -> Tensor:
        attention, mlp, conv = (part.chunk(3, dim=-1) for part in self.adaLN_modulation(time).chunk(3, dim=-1))
        x = x + attention[2] * self.attn(_modulated(x, *attention[:2]), far, key)
        x = x + conv[2] * self.conv(_modulated(x, *conv[:2]), near, key)
        return x + mlp[2] * self.mlp(_modulated(x, *mlp[:2]))


class _Final(nn.Module):
    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.linear = nn.Linear(width, features)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.linear(_modulated(x, *self.adaLN_modulation(time).chunk(2, dim=-1)))


def _modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class FlowEstimator(nn.Module):
    """(B, T, features_in) at times (B,) -> (B, T, features_out)."""

    def __init__(self, sizes: EstimatorSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.t_embedder = _Time(sizes.width)
        self.in_proj = nn.Linear(sizes.features_in, sizes.width)
        self.blocks = nn.ModuleList(_EstimatorBlock(sizes) for _ in range(sizes.blocks))
        self.final_layer = _Final(sizes.width, sizes.features_out)

    def forward(self, x: Tensor, time: Tensor, near: StreamState, far: StreamState, step: int) -> Tensor:
        """`step` of the way from noise to sound: every step has a memory of its own."""
        moment = self.t_embedder(time)
        x = self.in_proj(x)
        for number, block in enumerate(self.blocks):
            x = block(x, moment, near, far, (step, number))
        direction: Tensor = self.final_layer(x, moment)
        return direction
