"""Adaptive slicing: known sizes, the published formula, and properties for pictures of any shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dialogue.errors import BadInput
from dialogue.minicpm.vision.slicing import Plan, SliceRule, cut, plan, tokens

SCALE, PATCH, SIDE = 448, 14, 70
sides = st.one_of(
    st.integers(1, 30), st.integers(1, 3000), st.integers(1, 20_000), st.integers(1, 60).map(lambda n: 112 * n)
)
limits = st.integers(1, 16)

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


def test_a_tie_between_grids_depends_on_the_last_bit() -> None:
    assert plan(4000, 1000, SliceRule()).grid == (8, 1)


@given(SIDES, SIDES, st.integers(1, 12))
def test_any_picture_is_cut_into_whole_patches_within_the_limit(width: int, height: int, most: int) -> None:
    made = plan(width, height, SliceRule(max_slices=most))
    assert made.slices <= 1 + most
    for wide, high in filter(None, (made.overview, made.crop)):
        assert wide % 14 == 0 and high % 14 == 0 and wide > 0 and high > 0


@given(st.integers(200, 1400), st.integers(200, 1400))
def test_slices_have_about_the_target_area(width: int, height: int) -> None:
    made = plan(width, height, SliceRule())
    area = made.crop[0] * made.crop[1] if made.crop else made.overview[0] * made.overview[1]
    assert 0.8 < area / 448**2 < 1.25


def test_patches_are_side_by_side_row_by_row() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (28, 42, 3), dtype=np.uint8)
    _, (only,) = cut(rgb, SliceRule(scale=35))  # a scale that keeps the size of this picture
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
def test_a_picture_that_is_not_rgb_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(BadInput, match="RGB"):
        cut(bad, SliceRule())


def test_fields_that_a_config_omits_have_default_values() -> None:
    assert SliceRule.from_config({}) == SliceRule()
    assert SliceRule.from_config({"slice_config": {"max_slice_nums": 4}}).max_slices == 4


def multiple(length: float, step: int) -> int:
    return max(round(length / step) * step, step)


def fitted(width: float, height: float, up: bool) -> tuple[int, int]:
    if up or width * height > SCALE**2:
        ratio = width / height
        height = int(SCALE / math.sqrt(ratio))
        width = int(height * ratio)
    return multiple(width, PATCH), multiple(height, PATCH)


def best_grid(width: int, height: int, most: int) -> tuple[int, int] | None:
    count = min(math.ceil(width * height / SCALE**2), most)
    if count <= 1:
        return None
    best, least = (1, 1), math.inf
    for candidate in (count - 1, count, count + 1):
        if candidate == 1 or candidate > most:
            continue
        for cols in range(1, candidate + 1):
            if candidate % cols == 0:
                error = abs(math.log(width / height) - math.log(cols / (candidate // cols)))
                if error < least:
                    best, least = (cols, candidate // cols), error
    return best


def planned(width: int, height: int, most: int) -> Plan:
    grid = best_grid(width, height, most)
    if grid is None:
        return Plan(fitted(width, height, up=True))
    cols, rows = grid
    crop = fitted(multiple(width, cols) / cols, multiple(height, rows) / rows, up=True)
    return Plan(fitted(width, height, up=False), grid, crop)


@settings(max_examples=400, deadline=None)
@given(sides, sides, limits)
def test_any_picture_is_planned_by_the_formula(width: int, height: int, most: int) -> None:
    assert plan(width, height, SliceRule(max_slices=most)) == planned(width, height, most)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 5), (640, 480), (301, 997), (1000, 250), (671, 449)])
@pytest.mark.parametrize("most", [1, 4, 9])
def test_patches_equal_those_of_crops_of_the_resized_picture(size: tuple[int, int], most: int) -> None:
    width, height = size
    rgb = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    want, original = planned(width, height, most), Image.fromarray(rgb)
    pictures = [original.resize(want.overview, Image.Resampling.BICUBIC)]
    if want.grid and want.crop:
        (cols, rows), (w, h) = want.grid, want.crop
        whole = original.resize((w * cols, h * rows), Image.Resampling.BICUBIC)
        pictures += [whole.crop((x * w, y * h, (x + 1) * w, (y + 1) * h)) for y in range(rows) for x in range(cols)]
    _, slices = cut(rgb, SliceRule(max_slices=most))
    assert len(slices) == len(pictures)
    for one, picture in zip(slices, pictures, strict=True):
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
        assert (one.rows, one.cols) == (pixels.shape[1] // PATCH, pixels.shape[2] // PATCH)
        patches = pixels.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).flatten(1, 2)  # (3, n, patch, patch)
        assert np.array_equal(one.strip, patches.transpose(1, 2).flatten(2).numpy())
