"""The SigLIP tower: slices of any shape in, one vector a patch out. The layers are transformers' own.

Two ways of telling a patch where it is. From 2.6 on a patch knows its row and column, spread over the table as if
every slice were square, and padding is masked. 2.5 as published sees every slice as ONE row, as long as the
longest slice of the request, and attends to the padding as well; its weights were trained like that, so the
quirk (`one_row`) is part of the model. What a slice looks like in 2.5 therefore depends on its neighbours.
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


class _Embeddings(nn.Module):
    def __init__(self, width: int, patch: int, positions: int) -> None:
        super().__init__()
        self.patch_embedding = nn.Conv2d(3, width, patch, stride=patch)
        self.position_embedding = nn.Embedding(positions, width)


class _Layers(nn.Module):
    def __init__(self, config: SiglipVisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(SiglipEncoderLayer(config) for _ in range(config.num_hidden_layers))


class VisionTower(nn.Module):
    """Parameters under their checkpoint names. Built from the config, except what only the file knows: `layers`
    (the last one may have been dropped before saving) and `positions`, the length of the position table."""

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
        self.embeddings = _Embeddings(width, patch, positions)
        self.encoder = _Layers(config)
        self.post_layernorm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, slices: Sequence[Slice]) -> Tensor:
        """Slices of one batch -> (slices, longest, width). Rows behind a slice's own patches mean nothing,
        except with `one_row`, where they are features of the padding."""
        hidden = self.embed(slices)
        mask = None if self.one_row else valid_patches(slices, hidden.device)
        attended = None if mask is None or bool(mask.all()) else mask[:, None, None, :]
        for layer in self.encoder.layers:
            hidden = layer(hidden, attended)
        return self.post_layernorm(hidden)

    def embed(self, slices: Sequence[Slice]) -> Tensor:
        """(slices, longest, width): what the patches look like and where they are."""
        conv, table = self.embeddings.patch_embedding, self.embeddings.position_embedding
        looks = conv(self._pixels(slices, conv.weight)).flatten(2).transpose(1, 2)
        return looks + table(self.position_ids(slices).to(looks.device))

    def position_ids(self, slices: Sequence[Slice]) -> Tensor:
        """int64 (slices, longest), 0 where a slice is padded."""
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
    """bool (slices, longest): where a slice has a patch of its own."""
    counts = torch.tensor([one.rows * one.cols for one in slices], device=device)
    return torch.arange(int(counts.max()), device=device) < counts[:, None]


@lru_cache(maxsize=512)
def buckets(count: int, side: int) -> Tensor:
    """Where `count` patches in a line fall on a table of `side` places, int64 (count,).

    In float32, with a step that was itself rounded to float32, as the weights were trained: for some counts
    (25, 49, 50, ...) exact arithmetic would put a patch one place further.
    """
    places = torch.arange(1 / side, 1.0, 1 / side)
    step = float(1 / torch.tensor(count, dtype=torch.float32))
    return torch.bucketize(torch.arange(0, 1 - 1e-6, step), places, right=True)


@lru_cache(maxsize=512)
def _grid_ids(rows: int, cols: int, side: int) -> Tensor:
    return (buckets(rows, side)[:, None] * side + buckets(cols, side)).flatten()
