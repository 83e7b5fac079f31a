"""The vision tower against the published formula, and positions of patches."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.minicpm.vision.slicing import Slice
from dialogue.minicpm.vision.vision_tower import VisionTower, buckets
from tests.dialogue.minicpm.vision.plain_attention import attention

SCALE, PATCH, SIDE = 448, 14, 70


def positions(count: int) -> Tensor:
    step = float(1 / torch.tensor(count, dtype=torch.float32))
    return torch.bucketize(torch.arange(0, 1 - 1e-6, step), torch.arange(1 / SIDE, 1.0, 1 / SIDE), right=True)


def plain_features(tower: VisionTower, slices: list[Slice], number: int, one_row: bool) -> Tensor:
    """Features of one slice of a batch, with padding only in the `one_row` model."""
    one = slices[number]
    own, longest = one.rows * one.cols, max(each.rows * each.cols for each in slices)
    count = longest if one_row else own
    strip = F.pad((torch.from_numpy(one.strip).float() / 255 - 0.5) / 0.5, (0, PATCH * (count - own)))
    patch = tower.embeddings.patch_embedding
    x = torch.stack([(part * patch.weight).sum((1, 2, 3)) + patch.bias for part in strip.split(PATCH, dim=2)])
    ids = positions(count) if one_row else (positions(one.rows)[:, None] * SIDE + positions(one.cols)).flatten()
    x = x + tower.embeddings.position_embedding.weight[ids]
    layers: Any = tower.encoder.layers
    for layer in layers:
        own_attention, normed = layer.self_attn, layer.layer_norm1(x)
        q, k, v = own_attention.q_proj(normed), own_attention.k_proj(normed), own_attention.v_proj(normed)
        x = x + own_attention.out_proj(attention(q, k, v, own_attention.num_heads))
        mlp = layer.mlp
        x = x + mlp.fc2(F.gelu(mlp.fc1(layer.layer_norm2(x)), approximate="tanh"))
    found: Tensor = tower.post_layernorm(x)
    return found


@torch.inference_mode()
@pytest.mark.parametrize("one_row", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_tower_of_any_size_equals_the_formula_for_slices_of_any_shape(seed: int, one_row: bool) -> None:
    draw = random.Random(seed)
    heads = draw.choice([1, 2, 3])
    fields = {
        "hidden_size": heads * draw.choice([8, 18]),
        "intermediate_size": draw.choice([20, 77]),
        "num_attention_heads": heads,
        "patch_size": PATCH,
    }
    tower = VisionTower(fields, draw.choice([1, 3]), SIDE**2, one_row).eval()
    for parameter in tower.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    shapes = [(draw.choice([1, 25, 49, 55, 77, 86]), draw.randint(1, 4)), (3, draw.randint(1, 90)), (7, 7)]
    slices = [
        Slice(np.random.default_rng(n).integers(0, 256, (3, 14, 14 * n * m), dtype=np.uint8), n, m) for n, m in shapes
    ]
    together = tower(slices)
    for number in range(len(slices)):
        want = plain_features(tower, slices, number, one_row)
        torch.testing.assert_close(together[number, : len(want)], want, atol=2e-5, rtol=1e-4)


def test_patches_spread_over_the_whole_table() -> None:
    assert buckets(1, 70).tolist() == [0]
    assert buckets(7, 70).tolist() == [0, 10, 20, 30, 40, 50, 60]
    assert buckets(140, 70).tolist() == [index // 2 for index in range(140)]


def test_for_some_counts_the_trained_positions_are_not_the_exact_ones() -> None:
    def differs(count: int) -> bool:
        return buckets(count, 70).tolist() != [70 * index // count for index in range(count)]

    assert [count for count in range(1, 101) if differs(count)] == [25, 49, 50, 55, 58, 77, 82, 86, 94, 98, 100]
