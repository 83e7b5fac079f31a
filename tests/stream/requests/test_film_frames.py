"""Films of any length thinned out to as many pictures as a model takes."""

from __future__ import annotations

import numpy as np
import pytest

from stream.requests.film_frames import Frames
from vision.picture import Picture

RGB = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 129, 130, 1000, 7777])
def test_what_is_chosen_is_even_and_has_both_ends(length: int) -> None:
    frames = Frames(64)
    for index in range(length):
        frames.add(Picture(RGB, float(index)))
        assert len(frames._kept) <= 128
    times = [frame.at for frame in frames.chosen()]
    assert len(times) == min(length, 64)
    if length:
        assert (times[0], times[-1]) == (0.0, length - 1.0)
    gaps = np.diff(times)
    assert (gaps > 0).all()
    if length > 64:
        assert gaps.max() <= 3 * (length / 64)
