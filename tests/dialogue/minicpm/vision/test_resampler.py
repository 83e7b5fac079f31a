"""The resampler against the published formula, and its position table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.resampler import PerceiverResampler, position_table
from tests.dialogue.minicpm.vision.plain_attention import attention

Open = Callable[[Kind], MiniCPM]


@torch.inference_mode()
@pytest.mark.parametrize(("width", "queries"), [(128, 64), (256, 96), (384, 5), (192, 7)])
def test_a_resampler_of_any_size_equals_the_formula_for_slices_of_any_shape(width: int, queries: int) -> None:
    part, sizes = PerceiverResampler(queries, width, 24).eval(), [(1, 1), (72, 2), (2, 101), (9, 7)]
    for parameter in part.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    seen = torch.randn(len(sizes), 210, 24)
    found = part(seen, sizes)
    frequencies = 1.0 / 10000 ** (np.arange(width // 4, dtype=np.float32) / np.float32(width / 4))

    def waves(place: int) -> Tensor:
        angles = torch.from_numpy(place * frequencies)
        return torch.cat([angles.sin(), angles.cos()])

    query, key, value = part.attn.in_proj_weight.chunk(3)
    biases = part.attn.in_proj_bias.chunk(3)
    for number, (rows, cols) in enumerate(sizes):
        x = part.ln_kv(part.kv_proj(seen[number, : rows * cols]))
        where = torch.stack([torch.cat([waves(col), waves(row)]) for row in range(rows) for col in range(cols)])
        q, k = F.linear(part.ln_q(part.query), query, biases[0]), F.linear(x + where, key, biases[1])
        mixed = part.attn.out_proj(attention(q, k, F.linear(x, value, biases[2]), width // 128))
        torch.testing.assert_close(found[number], part.ln_post(mixed) @ part.proj, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_the_resampler_masks_rows_after_a_slice(model: Open) -> None:
    vision = model(Kind.V26).vision
    assert vision is not None
    width = vision.tower.post_layernorm.weight.shape[0]
    features = torch.randn(2, 30, width, generator=torch.Generator().manual_seed(0))
    junk = features.clone()
    junk[0, 12:] = 1e3
    sizes = [(3, 4), (5, 6)]
    torch.testing.assert_close(vision.resampler(junk, sizes), vision.resampler(features, sizes))


def test_columns_are_in_the_first_half_of_a_position_and_rows_in_the_second() -> None:
    table = position_table(4, 5, 64).view(4, 5, 64)
    assert torch.equal(table[0, 2, :32], table[3, 2, :32])
    assert torch.equal(table[2, 0, 32:], table[2, 4, 32:])
    assert not torch.equal(table[0, 1, :32], table[0, 2, :32])


def test_the_position_table_grows_with_the_picture() -> None:
    small, large = position_table(3, 3, 32).view(3, 3, 32), position_table(90, 3, 32).view(90, 3, 32)
    torch.testing.assert_close(large[:3], small)
