"""Pictures as rows of the language model: batching, and the number of rows for each slice.

Also tests `dialogue/minicpm/kind.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.slicing import Slice

Open = Callable[[Kind], MiniCPM]


def slice_of(rows: int, cols: int, seed: int) -> Slice:
    pixels = np.random.default_rng(seed).integers(0, 256, (3, 14, 14 * rows * cols), dtype=np.uint8)
    return Slice(pixels, rows, cols)


@torch.inference_mode()
def test_rows_of_a_slice_do_not_depend_on_its_batch(model: Open) -> None:
    vision = model(Kind.V26).vision
    assert vision is not None
    small, large = slice_of(3, 5, 1), slice_of(10, 9, 2)
    alone = vision.rows([small])
    together = vision.rows([large, small, large])
    torch.testing.assert_close(together[1], alone[0], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_in_25_rows_depend_on_the_longest_slice_of_the_batch(model: Open) -> None:
    vision = model(Kind.V25).vision
    assert vision is not None
    small, large = slice_of(3, 5, 1), slice_of(10, 9, 2)
    assert not torch.allclose(vision.rows([small, large])[0], vision.rows([small])[0], atol=1e-3)
    assert vision.tower.position_ids([small, large]).max() == 69


@pytest.mark.parametrize("kind", [Kind.V25, Kind.V26, Kind.O26, Kind.O45])
def test_every_slice_gives_a_fixed_number_of_rows(model: Open, kind: Kind) -> None:
    loaded = model(kind)
    assert loaded.vision is not None
    rgb = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    plan, slices = loaded.vision.cut(rgb)
    rows = loaded.vision.rows(slices)
    assert rows.shape == (plan.slices, 96 if kind is Kind.V25 else 64, loaded.decoder.config.hidden_size)
