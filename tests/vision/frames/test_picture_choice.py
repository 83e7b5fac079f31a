"""Which pictures models see: new views, sharp ones, within a budget, and a fresh one for a question."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.vision.conftest import DrawSign
from vision.frames.change import moved_in_place, sketch
from vision.frames.picture_choice import PictureChoice, PictureChoiceSettings
from vision.picture import Picture, Pixels

FRAME_S = 0.125
RULES = PictureChoiceSettings(per_min=12, at_once=3, still_every_s=30)


def shown(
    frames: Sequence[Pixels], asked_at: Sequence[int] = (), rules: PictureChoiceSettings = RULES
) -> list[Picture]:
    """The pictures chosen of `frames`, eight a second."""
    choice, chosen, before = PictureChoice(rules), list[Picture](), None
    sketches = {id(rgb): sketch(rgb) for rgb in frames}  # many frames are the same
    for number, rgb in enumerate(frames):
        drawn = sketches[id(rgb)]
        still = before is not None and not moved_in_place(before, drawn)
        before = drawn
        picture = choice.offer(Picture(rgb, number * FRAME_S), drawn, still=still, asked=number in asked_at)
        if picture is not None:
            chosen.append(picture)
    return chosen


def view(seed: int) -> Pixels:
    """A view of coloured areas, (240, 320, 3), unlike those of other seeds."""
    areas = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(areas, (320, 240), interpolation=cv2.INTER_NEAREST), np.uint8)


def test_a_still_view_is_shown_once_in_a_while() -> None:
    times = [picture.at for picture in shown([view(1)] * 8 * 32)]
    assert times[0] == 0 and len(times) == 2
    assert all(later - earlier >= 30 for earlier, later in pairwise(times))


def test_each_new_view_is_shown_once_and_soon() -> None:
    times = [picture.at for picture in shown([frame for seed in range(3) for frame in [view(seed)] * 40])]
    assert len(times) == 3
    assert all(at - began <= 0.5 for at, began in zip(times, (0, 5, 10), strict=True))


@pytest.mark.parametrize(("per_min", "every"), [(20, 1), (4, 8)])
def test_the_budget_is_never_exceeded(per_min: float, every: int) -> None:
    frames = [view(number // every) for number in range(8 * 20)]
    times = [picture.at for picture in shown(frames, rules=PictureChoiceSettings(per_min=per_min))]
    for begin in range(0, 12, 3):
        within = sum(begin <= at < begin + 10 for at in times)
        assert within <= 3 + per_min * 10 / 60 + 1


def test_a_small_change_is_worth_a_picture_and_none_when_the_budget_is_low(draw_sign: DrawSign) -> None:
    signs = [draw_sign([text], size=(320, 240), font_px=40) for text in ("EXIT 42", "EXIT 48")]
    assert len(shown([*[signs[0]] * 40, *[signs[1]] * 40])) == 2
    restless = [frame for number in range(30) for frame in [signs[number % 2]] * 4]
    assert len(shown(restless)) <= 4


def test_the_sharpest_of_the_last_frames_is_shown(draw_sign: DrawSign) -> None:
    sharp = draw_sign(["PLATFORM 9"], size=(320, 240), font_px=40)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1.2), np.uint8)
    chosen = shown([*[view(1)] * 16, blurred, sharp, *[blurred] * 4])
    assert chosen[-1].rgb is sharp


def test_a_question_gets_a_fresh_picture_whatever_is_left() -> None:
    frames = [view(number) for number in range(40)] + [view(99)] * 8
    chosen = shown(frames, asked_at=[46], rules=PictureChoiceSettings(per_min=1, at_once=1))
    assert chosen[-1].rgb is frames[-1] or np.array_equal(chosen[-1].rgb, frames[-1])
    assert chosen[-1].at >= 46 * FRAME_S - RULES.recent_s


def test_a_question_about_a_picture_just_shown_costs_none() -> None:
    assert len(shown([view(1)] * 4, asked_at=[2])) == 1
