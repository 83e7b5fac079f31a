"""The first network of token2wav: codes of sound, 25 a second, to frames of meaning, 50 a second.

A conformer without convolutions in its blocks, in two stacks with a doubling of the rate between them. It knows three
codes ahead and everything before. Relative positions (Transformer-XL, arXiv 1901.02860). Parameter names and the
order of operations are those of the published Step-Audio 2 sources, with which it agrees on random weights; the
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


@dataclass(frozen=True, slots=True)
class EncoderSizes:
    """Read from the weights' shapes."""

    width: int
    inner: int
    heads: int
    look_ahead: int
    blocks: int
    up_blocks: int
    up: int

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]]) -> EncoderSizes:
        """`shapes` by name, the prefix of the encoder removed."""
        inner, width = shapes["encoders.0.feed_forward.w_1.weight"]
        return cls(
            width=width,
            inner=inner,
            heads=shapes["encoders.0.self_attn.pos_bias_u"][0],
            look_ahead=shapes["pre_lookahead_layer.conv1.weight"][2] - 1,
            blocks=_count(shapes, "encoders."),
            up_blocks=_count(shapes, "up_encoders."),
            up=(shapes["up_layer.conv.weight"][2] - 1) // 2,
        )


def _count(shapes: Mapping[str, Sequence[int]], prefix: str) -> int:
    return 1 + max(int(name.removeprefix(prefix).split(".")[0]) for name in shapes if name.startswith(prefix))


class _Entry(nn.Module):
    """Linear and norm in front of a stack, scaled up as rows with positions are."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width, eps=1e-5))
        self._scale = math.sqrt(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x) * self._scale


class _LookAhead(nn.Module):
    """Every code with the ones that follow it, then with the two before. Gives fewer codes than it gets."""

    def __init__(self, width: int, look_ahead: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, look_ahead + 1)
        self.conv2 = nn.Conv1d(width, width, 3)

    def forward(self, x: Tensor, past: StreamState) -> Tensor:
        """(B, T + look_ahead, width) -> (B, T, width)."""
        seen = F.leaky_relu(self.conv1(x.transpose(1, 2)))
        found = self.conv2(past.before(("look_ahead",), seen, 2)).transpose(1, 2)
        return found + x[:, : found.shape[1]]


class _Up(nn.Module):
    """Every row `stride` times, smoothed over the rows before."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv1d(width, width, 2 * stride + 1)

    def forward(self, x: Tensor, past: StreamState) -> Tensor:
        repeated = x.transpose(1, 2).repeat_interleave(self.stride, dim=2)
        return self.conv(past.before(("up",), repeated, 2 * self.stride)).transpose(1, 2)


class _RelativeAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, width // heads
        self.linear_q, self.linear_k, self.linear_v, self.linear_out = (nn.Linear(width, width) for _ in range(4))
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(heads, self.head_dim))
        self.pos_bias_v = nn.Parameter(torch.zeros(heads, self.head_dim))

    def forward(self, x: Tensor, past: StreamState, key: Key) -> Tensor:
        query, keys, values = (
            product(x).unflatten(-1, (self.heads, self.head_dim)).transpose(1, 2)
            for product in (self.linear_q, self.linear_k, self.linear_v)
        )
        keys, values = past.joined(key, torch.cat([keys, values], dim=-1)).chunk(2, dim=-1)
        new, total = query.shape[2], keys.shape[2]
        by_meaning = (query + self.pos_bias_u[:, None]) @ keys.transpose(-2, -1)
        by_distance = self._by_distance(query + self.pos_bias_v[:, None], total)
        scores = (by_meaning + by_distance) / math.sqrt(self.head_dim)
        seen = past.seen(new, total)
        if seen is not None:
            scores = scores.masked_fill(~seen, -torch.inf)
        mixed = scores.softmax(-1) @ values
        return self.linear_out(mixed.transpose(1, 2).flatten(2))

    def _by_distance(self, query: Tensor, total: int) -> Tensor:
        """(B, heads, new, d) -> scores (B, heads, new, total), by how far a key lies behind its query."""
        new = query.shape[2]
        device = query.device
        every = torch.arange(-(new - 1), total, device=device)  # distances that occur; negative: the key comes later
        places = self.linear_pos(waves(every, self.heads * self.head_dim).to(query))
        places = places.unflatten(-1, (self.heads, self.head_dim)).permute(1, 2, 0)
        scores = query @ places
        distance = torch.arange(total - new, total, device=device)[:, None] - torch.arange(total, device=device)
        return scores.gather(-1, (distance + new - 1).expand(*scores.shape[:2], new, total))


def waves(distances: Tensor, width: int) -> Tensor:
    """int64 (n,) -> float32 (n, width): sine and cosine in turn, frequencies falling from 1 to 1/10000."""
    frequencies = torch.exp(torch.arange(0, width, 2, device=distances.device) * (-math.log(10000.0) / width))
    angles = distances[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class _FeedForward(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.w_2(F.silu(self.w_1(x)))


class _EncoderBlock(nn.Module):
    def __init__(self, width: int, inner: int, heads: int) -> None:
        super().__init__()
        self.self_attn = _RelativeAttention(width, heads)
        self.feed_forward = _FeedForward(width, inner)
        self.norm_mha, self.norm_ff = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, past: StreamState, key: Key) -> Tensor:
        x = x + self.self_attn(self.norm_mha(x), past, key)
        return x + self.feed_forward(self.norm_ff(x))


class FlowEncoder(nn.Module):
    """(B, T + look_ahead, width) of embedded codes -> (B, T * up, width)."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embed, self.up_embed = _Entry(sizes.width), _Entry(sizes.width)
        self.pre_lookahead_layer = _LookAhead(sizes.width, sizes.look_ahead)
        self.up_layer = _Up(sizes.width, sizes.up)
        self.encoders = self._stack(sizes.blocks)
        self.up_encoders = self._stack(sizes.up_blocks)
        self.after_norm = nn.LayerNorm(sizes.width, eps=1e-5)

    def forward(
        self, codes: Tensor, last: bool, near: StreamState, by_code: StreamState, by_frame: StreamState
    ) -> Tensor:
        """`near` keeps what convolutions look back on, the others the keys and values of the two stacks. `last`:
        nothing follows, so that these codes themselves are all there is to know ahead, and none is held back."""
        x = self.embed(codes)
        if last:
            x = F.pad(x, (0, 0, 0, self.sizes.look_ahead))
        x = self.pre_lookahead_layer(x, near)
        for number, block in enumerate(self.encoders):
            x = block(x, by_code, (number,))
        x = self.up_embed(self.up_layer(x, near))
        for number, block in enumerate(self.up_encoders):
            x = block(x, by_frame, ("up", number))
        normed: Tensor = self.after_norm(x)
        return normed

    def _stack(self, blocks: int) -> nn.ModuleList:
        sizes = self.sizes
        return nn.ModuleList(_EncoderBlock(sizes.width, sizes.inner, sizes.heads) for _ in range(blocks))
