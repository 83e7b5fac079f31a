"""The SigLIP vision tower: slices of any shape to one vector for each patch. The layers are those of transformers.

Positions differ between models. From 2.6 on a patch has the position of its row and column, spread over the table as
if every slice were square, and padding is masked. 2.5 as published treats every slice as ONE row, as long as the
longest slice of the request, and attends to the padding; its weights were trained like that, so `one_row` is part of
the model. The features of a slice in 2.5 therefore depend on the other slices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import SiglipVisionConfig
from transformers.models.siglip.modeling_siglip import SiglipEncoderLayer

from dialogue.minicpm.vision.slicing import Slice


class _PatchEmbeddings(nn.Module):
    def __init__(self, width: int, patch: int, positions: int) -> None:
        super().__init__()
        self.patch_embedding = nn.Conv2d(3, width, patch, stride=patch)
        self.position_embedding = nn.Embedding(positions, width)


class _Layers(nn.Module):
    def __init__(self, config: SiglipVisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(SiglipEncoderLayer(config) for _ in range(config.num_hidden_layers))


class VisionTower(nn.Module):
    """The tower with parameters under their checkpoint names. Sizes come from the config, except those that only the
    file has: `layers` (the last layer may be omitted) and `positions`, the length of the position table."""

    def __init__(self, fields: Mapping[str, Any], layers: int, positions: int, one_row: bool = False) -> None:
        super().__init__()
        config = SiglipVisionConfig(
            hidden_size=fields["hidden_size"],
            intermediate_size=fields["intermediate_size"],
            num_attention_heads=fields["num_attention_heads"],
            num_hidden_layers=layers,
            patch_size=fields["patch_size"],
            hidden_act=fields.get("hidden_act", "gelu_pytorch_tanh"),
            layer_norm_eps=fields.get("layer_norm_eps", 1e-6),
            attn_implementation="sdpa",
        )
        width, patch = config.hidden_size, config.patch_size
        self.patch = patch
        self.side = math.isqrt(positions)
        self.one_row = one_row
        self.embeddings = _PatchEmbeddings(width, patch, positions)
        self.encoder = _Layers(config)
        self.post_layernorm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, slices: Sequence[Slice]) -> Tensor:
        """A batch of slices -> (slices, longest, width). Rows after a slice's own patches are undefined, except with
        `one_row`, where they are features of the padding."""
        hidden = self.embed(slices)
        mask = None if self.one_row else valid_patches(slices, hidden.device)
        attended = None if mask is None or bool(mask.all()) else mask[:, None, None, :]
        for layer in self.encoder.layers:
            hidden = layer(hidden, attended)
        return self.post_layernorm(hidden)

    def embed(self, slices: Sequence[Slice]) -> Tensor:
        """(slices, longest, width): patch embeddings plus position embeddings."""
        conv, table = self.embeddings.patch_embedding, self.embeddings.position_embedding
        patches = conv(self._pixels(slices, conv.weight)).flatten(2).transpose(1, 2)
        return patches + table(self.position_ids(slices).to(patches.device))

    def position_ids(self, slices: Sequence[Slice]) -> Tensor:
        """int64 (slices, longest), 0 in the padding."""
        if self.one_row:
            longest = max(one.rows * one.cols for one in slices)
            return buckets(longest, self.side).expand(len(slices), -1)
        return pad_sequence([_grid_ids(one.rows, one.cols, self.side) for one in slices], batch_first=True)

    def _pixels(self, slices: Sequence[Slice], like: Tensor) -> Tensor:
        """(slices, 3, patch, patch * longest) in -1..1, padded with 0."""
        strips = [torch.from_numpy(one.strip).to(like.device).permute(2, 0, 1) for one in slices]
        scaled = [((strip.float() / 255 - 0.5) / 0.5).to(like.dtype) for strip in strips]
        return pad_sequence(scaled, batch_first=True).permute(0, 2, 3, 1)


def valid_patches(slices: Sequence[Slice], device: torch.device) -> Tensor:
    """bool (slices, longest): True for the patches of a slice, False for padding."""
    counts = torch.tensor([one.rows * one.cols for one in slices], device=device)
    return torch.arange(int(counts.max()), device=device) < counts[:, None]


@lru_cache(maxsize=512)
def buckets(count: int, side: int) -> Tensor:
    """Positions of `count` patches of a line on a table of `side` positions, int64 (count,).

    In float32, with a step rounded to float32, as in training: for some counts (25, 49, 50, ...) exact arithmetic
    gives the next position for a patch.
    """
    edges = torch.arange(1 / side, 1.0, 1 / side)
    step = float(1 / torch.tensor(count, dtype=torch.float32))
    return torch.bucketize(torch.arange(0, 1 - 1e-6, step), edges, right=True)


@lru_cache(maxsize=512)
def _grid_ids(rows: int, cols: int, side: int) -> Tensor:
    return (buckets(rows, side)[:, None] * side + buckets(cols, side)).flatten()
