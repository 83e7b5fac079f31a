"""Choosing the part of a picture to enlarge for small text."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vision.conftest import DrawSign
from vision.box import inside
from vision.reading.small_print import part_with_small_print

BUDGET = 400_000


def test_small_lines_are_worth_enlarging(draw_sign: DrawSign) -> None:
    line = (0.4, 0.45, 0.6, 0.475)
    part = part_with_small_print(draw_sign(["x"]), [(line, 12.0)], 1.0, BUDGET)
    assert part is not None
    assert inside(line, part.box) == pytest.approx(1)
    assert 2 < part.zoom <= 4


def test_large_lines_are_not_enlarged(draw_sign: DrawSign) -> None:
    assert part_with_small_print(draw_sign(["EXIT"]), [((0.2, 0.4, 0.8, 0.6), 90.0)], 1.0, BUDGET) is None


def test_undetected_text_is_found_by_its_edges(draw_sign: DrawSign) -> None:
    rgb = draw_sign(["closed on Sunday and Monday"], font_px=13, size=(1280, 720))
    part = part_with_small_print(rgb, [], 0.5, BUDGET)
    assert part is not None
    assert inside((0.42, 0.49, 0.58, 0.51), part.box) == pytest.approx(1)


def test_a_wall_has_no_small_text() -> None:
    assert part_with_small_print(np.full((720, 1280, 3), 130, np.uint8), [], 0.5, BUDGET) is None


@pytest.mark.parametrize("budget", [100_000, 400_000, 1_600_000])
def test_the_enlarged_part_keeps_to_its_budget(budget: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    part = part_with_small_print(noise, [((0.1, 0.1, 0.2, 0.12), 9.0), ((0.8, 0.8, 0.9, 0.82), 9.0)], 0.5, budget)
    if part is not None:
        left, top, right, bottom = part.box
        assert (right - left) * 1280 * (bottom - top) * 720 * part.zoom**2 <= budget * 1.01
    assert (part is None) == (budget < 400_000)
