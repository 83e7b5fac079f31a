"""Motion: what moves is noticed once, what trembles is not, and the camera's movement is no object's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vision.box import Box
from vision.motion import Motion
from vision.tracking import Track

LOOK_S = 0.5


def seen(number: int, box: Box, at: float) -> Track:
    return Track(number, "cup", 0.8, box, 0.0, at)


def square(x: float, side: float = 0.2, y: float = 0.4) -> Box:
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def movements(boxes: list[Box]) -> list[tuple[float, str]]:
    motion = Motion()
    times = [LOOK_S * number for number in range(len(boxes))]
    return [
        (at, movement)
        for at, box in zip(times, boxes, strict=True)
        for _, movement in motion.update([seen(1, box, at)], at)
    ]


@pytest.mark.parametrize(
    ("path", "movement"),
    [
        (lambda t: square(0.2 + 0.1 * t), "moved right"),
        (lambda t: square(0.8 - 0.1 * t), "moved left"),
        (lambda t: square(0.5, 0.1 * 1.2**t), "approached"),
        (lambda t: square(0.5, 0.4 / 1.2**t), "receded"),
    ],
)
def test_a_movement_is_one_event(path: Callable[[int], Box], movement: str) -> None:
    boxes = [path(0)] * 3 + [path(step) for step in range(7)] + [path(6)] * 10
    assert [kind for _, kind in movements(boxes)] == [movement]


def test_a_second_movement_after_a_stop_is_another_event() -> None:
    there = [square(0.2 + 0.1 * step) for step in range(7)]
    rest, back = [there[-1]] * 8, there[::-1]
    assert [kind for _, kind in movements([*there, *rest, *back])] == ["moved right", "moved left"]


def test_a_trembling_box_does_not_move() -> None:
    random = np.random.default_rng(3)
    places, sides = random.normal(0.5, 0.01, 200), random.normal(0.2, 0.01, 200)
    assert movements([square(x, side) for x, side in zip(places, sides, strict=True)]) == []


def test_one_wrong_box_is_no_movement() -> None:
    boxes = [square(0.3)] * 5 + [square(0.7)] + [square(0.3)] * 5
    assert movements(boxes) == []


def test_an_object_that_the_edge_cuts_does_not_grow() -> None:
    boxes: list[Box] = [(0.0, 0.3, 0.05 + 0.04 * step, 1.0) for step in range(12)]
    assert "approached" not in [kind for _, kind in movements(boxes)]


def test_what_all_share_is_the_movement_of_the_camera() -> None:
    motion = Motion()
    for step in range(8):
        at, pan = step * LOOK_S, 0.08 * step
        still = [seen(number, square(0.1 + 0.1 * number + pan, 0.05), at) for number in range(4)]
        assert motion.update(still, at) == []
