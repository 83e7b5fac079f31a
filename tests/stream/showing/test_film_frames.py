"""Films of any length are thinned out to as many frames as a model takes."""

from __future__ import annotations

import numpy as np
import pytest

from stream.showing.film_frames import FilmFrames
from vision.picture import Picture

RGB = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 129, 130, 1000, 7777])
def test_chosen_frames_are_even_and_include_both_ends(length: int) -> None:
    frames = FilmFrames(64)
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
