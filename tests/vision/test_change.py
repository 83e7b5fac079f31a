"""Change detection: exposure and noise are ignored, small changes are found, text is recognised by its edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.vision.conftest import DrawSign, as_high
from vision.change import moved, sketch
from vision.picture import Pixels


def noisy(rgb: Pixels, gain: float = 1.0, offset: float = 0.0, noise: float = 6.0) -> Pixels:
    grain = np.random.default_rng(1).normal(0, noise, rgb.shape)
    return np.clip(rgb.astype(np.float64) * gain + offset + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("gain", "offset", "noise"), [(1, 0, 6), (1, 0, 20), (1.1, 0, 4), (0.75, 0, 4), (1, 20, 4), (0.9, -10, 8)]
)
def test_exposure_and_noise_are_no_change(astronaut: Pixels, gain: float, offset: float, noise: float) -> None:
    same = noisy(astronaut, gain, offset, noise)
    assert moved(sketch(astronaut), sketch(same)) < 0.01


def test_compression_is_no_change(astronaut: Pixels) -> None:
    coarse = cv2.imdecode(cv2.imencode(".jpg", astronaut, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)
    assert coarse is not None
    assert moved(sketch(astronaut), sketch(coarse)) == 0


def test_another_picture_is_all_change(astronaut: Pixels, cat: Pixels) -> None:
    assert moved(sketch(astronaut), sketch(as_high(cat, 512))) > 0.5


def test_one_changed_letter_is_detected(draw_sign: DrawSign) -> None:
    before, after = (sketch(noisy(draw_sign([text]))) for text in ("EXIT 42", "EXIT 48"))
    assert 0 < moved(before, after) < 0.05
    assert moved(before, before) == 0


def test_a_new_object_is_detected_in_a_large_picture(astronaut: Pixels) -> None:
    room = np.full((720, 1280, 3), 120, np.uint8)
    visited = room.copy()
    visited[300:400, 500:600] = astronaut[:100, :100]
    assert 0 < moved(sketch(room), sketch(visited)) < 0.1


def test_text_is_recognised_by_its_edges_and_a_wall_is_not_text(draw_sign: DrawSign) -> None:
    assert sketch(draw_sign(["please mind the gap"], font_px=16)).may_hold_text
    assert not sketch(np.full((480, 640, 3), 140, np.uint8)).may_hold_text


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (3000, 2)])
def test_any_shape_can_be_sketched(shape: tuple[int, int]) -> None:
    drawn = sketch(np.zeros((*shape, 3), np.uint8))
    assert moved(drawn, drawn) == 0
