"""Bounding boxes: overlap, enclosing boxes and crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.box import WHOLE, Box, area, around, cut, inside, overlap

side = st.floats(0, 1)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    (left, right), (top, bottom) = sorted([draw(side), draw(side)]), sorted([draw(side), draw(side)])
    return left, top, right, bottom


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_a_share(a: Box, b: Box) -> None:
    assert overlap(a, b) == pytest.approx(overlap(b, a))
    assert 0 <= overlap(a, b) <= 1 + 1e-9
    assert 0 <= inside(a, b) <= 1 + 1e-9


@given(boxes(), boxes())
def test_the_box_around_boxes_contains_them(a: Box, b: Box) -> None:
    whole = around([a, b])
    assert not area(a) or inside(a, whole) == pytest.approx(1)
    assert area(whole) >= max(area(a), area(b))


def test_half_of_a_box_overlaps_it_by_half() -> None:
    assert overlap((0, 0, 1, 1), (0, 0, 0.5, 1)) == pytest.approx(0.5)
    assert inside((0, 0, 0.5, 1), WHOLE) == 1


@given(boxes(), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_a_crop_has_at_least_one_pixel(box: Box, shape: tuple[int, int]) -> None:
    part = cut(np.zeros((*shape, 3), np.uint8), box)
    assert part.size
    assert part.shape[0] <= shape[0]
