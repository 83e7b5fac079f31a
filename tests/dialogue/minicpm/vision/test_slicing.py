"""Adaptive slicing: known sizes, and what holds for pictures of any shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.errors import BadInput
from dialogue.minicpm.vision.slicing import Plan, SliceRule, cut, plan, tokens

SIDES = st.integers(1, 4000)


@pytest.mark.parametrize(
    ("size", "want", "rows"),
    [
        ((448, 448), Plan((448, 448)), 64),
        ((640, 480), Plan((518, 392), (2, 1), (364, 546)), 192),
        ((1344, 1344), Plan((448, 448), (3, 3), (448, 448)), 640),
        ((1920, 1080), Plan((602, 336), (4, 2), (420, 476)), 576),
        ((300, 2000), Plan((168, 1162), (1, 4), (350, 574)), 320),
    ],
)
def test_known_sizes(size: tuple[int, int], want: Plan, rows: int) -> None:
    assert plan(*size, SliceRule()) == want
    assert tokens(want, 64) == rows


def test_a_tie_between_grids_goes_by_the_last_place_of_a_double() -> None:
    assert plan(4000, 1000, SliceRule()).grid == (8, 1)


@given(SIDES, SIDES, st.integers(1, 12))
def test_any_picture_is_cut_into_whole_patches_and_not_too_many(width: int, height: int, most: int) -> None:
    made = plan(width, height, SliceRule(max_slices=most))
    assert made.slices <= 1 + most
    for wide, high in filter(None, (made.overview, made.crop)):
        assert wide % 14 == 0 and high % 14 == 0 and wide > 0 and high > 0


@given(st.integers(200, 1400), st.integers(200, 1400))
def test_slices_have_about_the_area_they_are_meant_to_have(width: int, height: int) -> None:
    made = plan(width, height, SliceRule())
    area = made.crop[0] * made.crop[1] if made.crop else made.overview[0] * made.overview[1]
    assert 0.8 < area / 448**2 < 1.25


def test_patches_stand_side_by_side_row_by_row() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (28, 42, 3), dtype=np.uint8)
    _, (only,) = cut(rgb, SliceRule(scale=35))  # the size that keeps this picture as it is
    assert (only.rows, only.cols) == (2, 3)
    second_of_second_row = only.strip[:, :, 4 * 14 : 5 * 14]
    np.testing.assert_array_equal(second_of_second_row, rgb[14:28, 14:28].transpose(2, 0, 1))


def test_crops_follow_the_overview_row_by_row() -> None:
    rgb = np.zeros((900, 900, 3), np.uint8)
    rgb[:450, 450:] = 255  # the upper right quarter is white
    made, slices = cut(rgb, SliceRule())
    assert made.grid == (2, 2)
    brightness = [float(one.strip.mean()) for one in slices[1:]]
    assert brightness.index(max(brightness)) == 1


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_rgb_picture_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(BadInput, match="RGB"):
        cut(bad, SliceRule())


def test_older_configs_leave_the_usual_values_out() -> None:
    assert SliceRule.from_config({}) == SliceRule()
    assert SliceRule.from_config({"slice_config": {"max_slice_nums": 4}}).max_slices == 4
