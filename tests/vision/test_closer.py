"""Enlarged crops: size, proportions, and text that becomes readable."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vision.conftest import DrawSign
from vision.box import WHOLE
from vision.closer import LONGER_SIDE, MAX_ZOOM, SIDES, around_thing, enlarged
from vision.picture import Picture
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels


def picture(width: int, height: int) -> Picture:
    return Picture(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8), 2.5)


@pytest.mark.parametrize("side", SIDES)
def test_a_side_is_enlarged_with_its_proportions_kept(side: str) -> None:
    left, top, right, bottom = SIDES[side]
    closer = enlarged(picture(640, 480), SIDES[side])
    assert max(closer.width, closer.height) == LONGER_SIDE or closer.width == round(640 * (right - left) * MAX_ZOOM)
    assert closer.width / closer.height == pytest.approx(640 * (right - left) / (480 * (bottom - top)), rel=0.02)
    assert closer.at == 2.5


def test_a_large_picture_is_not_enlarged() -> None:
    whole = picture(1600, 900)
    assert (enlarged(whole, WHOLE).rgb == whole.rgb).all()


def test_the_zoom_is_limited() -> None:
    assert max(enlarged(picture(640, 480), (0.5, 0.5, 0.51, 0.51)).rgb.shape) <= 8 * MAX_ZOOM


def test_a_margin_stays_within_the_picture() -> None:
    left, top, right, bottom = around_thing((0.0, 0.4, 0.2, 1.0))
    assert (left, bottom) == (0.0, 1.0) and 0.2 < right < 0.25 and 0.3 < top < 0.4


def test_small_print_becomes_readable(vision_models: VisionModels, reader: Reader, draw_sign: DrawSign) -> None:
    """The text is too small for a normal reading of the whole picture."""
    rgb = draw_sign(["Take two tablets", "with a meal, not", "more than six a day"], font_px=8, size=(1280, 960))
    whole = " ".join(line.text for line in reader.read(rgb))
    assert "two tablets" not in whole
    closer = enlarged(Picture(rgb, 0.0), SIDES["middle"])
    text = " ".join(fact.text for fact in vision_models.study(closer).scene.facts() if fact.kind == "text")
    assert "two tablets" in text and "six a day" in text
