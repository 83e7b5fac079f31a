"""The tower and the resampler: places of patches, and who influences whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.resampler import position_table
from dialogue.minicpm.vision.slicing import Slice
from dialogue.minicpm.vision.vision_tower import buckets

Open = Callable[[Kind], MiniCPM]


def slice_of(rows: int, cols: int, seed: int) -> Slice:
    pixels = np.random.default_rng(seed).integers(0, 256, (3, 14, 14 * rows * cols), dtype=np.uint8)
    return Slice(pixels, rows, cols)


def test_patches_spread_over_the_whole_table() -> None:
    assert buckets(1, 70).tolist() == [0]
    assert buckets(7, 70).tolist() == [0, 10, 20, 30, 40, 50, 60]
    assert buckets(140, 70).tolist() == [index // 2 for index in range(140)]


def test_for_some_counts_the_trained_places_are_not_the_exact_ones() -> None:
    def differs(count: int) -> bool:
        return buckets(count, 70).tolist() != [70 * index // count for index in range(count)]

    assert [count for count in range(1, 101) if differs(count)] == [25, 49, 50, 55, 58, 77, 82, 86, 94, 98, 100]


@torch.inference_mode()
def test_a_slice_looks_the_same_whatever_it_is_batched_with(model: Open) -> None:
    sight = model(Kind.V26).sight
    assert sight is not None
    small, large = slice_of(3, 5, 1), slice_of(10, 9, 2)
    alone = sight.rows([small])
    together = sight.rows([large, small, large])
    torch.testing.assert_close(together[1], alone[0], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_in_25_it_depends_on_the_longest_slice_beside_it(model: Open) -> None:
    sight = model(Kind.V25).sight
    assert sight is not None
    small, large = slice_of(3, 5, 1), slice_of(10, 9, 2)
    assert not torch.allclose(sight.rows([small, large])[0], sight.rows([small])[0], atol=1e-3)
    assert sight.tower.position_ids([small, large]).max() == 69


@torch.inference_mode()
def test_the_resampler_ignores_what_is_behind_a_slice(model: Open) -> None:
    sight = model(Kind.V26).sight
    assert sight is not None
    width = sight.tower.post_layernorm.weight.shape[0]
    features = torch.randn(2, 30, width, generator=torch.Generator().manual_seed(0))
    junk = features.clone()
    junk[0, 12:] = 1e3
    sizes = [(3, 4), (5, 6)]
    torch.testing.assert_close(sight.resampler(junk, sizes), sight.resampler(features, sizes))


def test_columns_are_in_the_first_half_of_a_place_and_rows_in_the_second() -> None:
    table = position_table(4, 5, 64).view(4, 5, 64)
    assert torch.equal(table[0, 2, :32], table[3, 2, :32])
    assert torch.equal(table[2, 0, 32:], table[2, 4, 32:])
    assert not torch.equal(table[0, 1, :32], table[0, 2, :32])


def test_places_grow_with_the_picture() -> None:
    small, large = position_table(3, 3, 32).view(3, 3, 32), position_table(90, 3, 32).view(90, 3, 32)
    torch.testing.assert_close(large[:3], small)


@pytest.mark.parametrize("kind", [Kind.V25, Kind.V26, Kind.O26, Kind.O45])
def test_a_picture_becomes_a_fixed_number_of_rows_a_slice(model: Open, kind: Kind) -> None:
    loaded = model(kind)
    assert loaded.sight is not None
    rgb = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    plan, slices = loaded.sight.cut(rgb)
    rows = loaded.sight.rows(slices)
    assert rows.shape == (plan.slices, 96 if kind is Kind.V25 else 64, loaded.decoder.config.hidden_size)
