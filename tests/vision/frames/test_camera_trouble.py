"""Cameras that stop or freeze are noticed within a second; sources that may be still are not accused."""

from __future__ import annotations

import numpy as np

from vision.frames.camera_trouble import Frozen, Stream
from vision.picture import Pixels

FRAME_S = 0.125


def grains(seed: int, count: int) -> list[Pixels]:
    """Frames of one view with the noise of a sensor, (24, 32, 3)."""
    random = np.random.default_rng(seed)
    view = random.integers(20, 230, (24, 32, 3))
    return [np.asarray(view + random.integers(-3, 4, view.shape), np.uint8) for _ in range(count)]


def frozen_at(frames: list[Pixels]) -> list[float]:
    watch = Frozen()
    return [number * FRAME_S for number, grain in enumerate(frames) if watch.see(grain, number * FRAME_S)]


def test_a_steady_stream_that_ends_is_noticed_after_a_second() -> None:
    stream = Stream()
    for number in range(20):
        stream.came(number * FRAME_S)
    assert stream.ends_at == 19 * FRAME_S + 1.0


def test_single_pictures_are_no_stream() -> None:
    stream = Stream()
    assert stream.ends_at == float("inf")
    for number in range(20):
        stream.came(number * 1.0)
    assert stream.ends_at == float("inf")


def test_a_live_camera_that_repeats_a_picture_is_frozen_within_a_second_and_recovers() -> None:
    live = grains(1, 32)
    times = frozen_at([*live, *[live[-1]] * 16, *grains(2, 4)])
    assert 32 * FRAME_S < times[0] <= 32 * FRAME_S + 1.0
    assert times[-1] < 48 * FRAME_S


def test_a_film_that_pans_and_then_stands_still_is_not_called_frozen() -> None:
    wide = np.random.default_rng(4).integers(0, 256, (24, 132, 3), dtype=np.uint8)
    pan = [wide[:, left : left + 32] for left in range(100)]
    assert not frozen_at([*pan, *[pan[-1]] * 40])


def test_a_drawn_picture_is_not_called_frozen() -> None:
    still = grains(1, 1) * 40
    assert not frozen_at(still)
    moved = [frame.copy() for frame in still]
    for number in range(20):
        moved[number][:, number] = 0  # a small thing crosses the picture
    assert not frozen_at(moved)
