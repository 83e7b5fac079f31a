"""Change detection: exposure and noise are ignored, small changes are found, text is recognised by its edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.vision.conftest import DrawSign, as_high
from vision.frames.change import moved, moved_in_place, rewritten, sketch
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


def seen_by_hand(rgb: Pixels, x: float, y: float, turned: float) -> Pixels:
    """A picture moved by pixels and turned by degrees, with noise."""
    height, width = rgb.shape[:2]
    back = cv2.getRotationMatrix2D((width / 2, height / 2), turned, 1.0)
    back[:, 2] += (x, y)
    return noisy(np.asarray(cv2.warpAffine(rgb, back, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8))


@pytest.mark.parametrize(("x", "y", "turned"), [(4, 0, 0), (-3, 6, 0.2), (8, -5, -0.3), (-10, -2, 0.1)])
def test_a_shaking_hand_is_no_change_but_a_movement(astronaut: Pixels, x: float, y: float, turned: float) -> None:
    steady, shaken = sketch(astronaut), sketch(seen_by_hand(astronaut, x, y, turned))
    assert moved(steady, shaken) < 0.02
    assert moved_in_place(steady, shaken) > 0.1


def test_a_new_object_is_detected_in_a_shaking_hand(astronaut: Pixels, cat: Pixels) -> None:
    visited = astronaut.copy()
    visited[300:420, 60:200] = cat[60:180, 100:240]
    assert moved(sketch(astronaut), sketch(seen_by_hand(visited, 5, -4, 0.2))) > 0.02


def test_blur_and_darkness_are_noted(astronaut: Pixels) -> None:
    blurred = np.asarray(cv2.GaussianBlur(astronaut, (0, 0), 2), np.uint8)
    assert sketch(blurred).sharpness < 0.3 * sketch(astronaut).sharpness
    assert sketch(noisy(np.zeros_like(astronaut), noise=3)).dark and not sketch(astronaut).dark


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


def test_what_is_written_is_the_same_in_a_shaking_hand_and_beside_something_new(draw_sign: DrawSign) -> None:
    sign = draw_sign(["EXIT 42"])
    visited = sign.copy()
    visited[380:, 500:600] = (90, 40, 30)
    written = sketch(sign)
    assert moved(written, sketch(visited)) and not rewritten(written, sketch(visited))
    assert not rewritten(written, sketch(seen_by_hand(sign, 4, -3, 0.1)))
    assert rewritten(written, sketch(draw_sign(["EXIT 48"])))
    assert rewritten(written, sketch(draw_sign(["EXIT 42"], size=(800, 480))))
    wall = np.full((480, 640, 3), 140, np.uint8)
    assert rewritten(sketch(wall), written) and not rewritten(sketch(wall), sketch(wall))


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
