"""Fixtures: the real vision models, real photos from installed libraries, and drawn signs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
import skimage.data
from matplotlib import cbook
from PIL import Image, ImageDraw, ImageFont

import vision
from vision.detect import Detector
from vision.picture import Pixels
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels

WEIGHTS = Path(vision.__file__).parent / "weights" / "nanodet_g_416.safetensors"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"

DrawSign = Callable[..., Pixels]


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(WEIGHTS)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="session")
def vision_models(detector: Detector, reader: Reader) -> VisionModels:
    return VisionModels(detector, reader)


@pytest.fixture(scope="session")
def astronaut() -> Pixels:
    """A woman in a space suit, (512, 512, 3)."""
    return np.asarray(skimage.data.astronaut())


@pytest.fixture(scope="session")
def cat() -> Pixels:
    """A cat's face, which fills the picture."""
    return np.asarray(skimage.data.chelsea())


@pytest.fixture(scope="session")
def hopper() -> Pixels:
    """Grace Hopper in uniform; her name plate can be read."""
    return np.asarray(Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)).convert("RGB"))


@pytest.fixture(scope="session")
def two_people(astronaut: Pixels, hopper: Pixels) -> Pixels:
    """Both portraits side by side."""
    return np.concatenate([as_high(astronaut, 480), as_high(hopper, 480)], axis=1)


@pytest.fixture(scope="session")
def draw_sign() -> DrawSign:
    return drawn_sign


def as_high(rgb: Pixels, height: int) -> Pixels:
    width = round(rgb.shape[1] * height / rgb.shape[0])
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def drawn_sign(
    lines: Sequence[str],
    font_px: int = 60,
    size: tuple[int, int] = (640, 480),
    ink: str = "white",
    board: str = "#145a32",
    turned: float = 0.0,
) -> Pixels:
    """A board with `lines` in a font of `font_px` pixels on a grey wall, rotated by `turned` degrees."""
    font = ImageFont.truetype(str(FONT), font_px)
    image = Image.new("RGB", size, "#96968c")
    draw = ImageDraw.Draw(image)
    width, step = max(draw.textlength(line, font) for line in lines), 1.3 * font_px
    left, top = (size[0] - width) / 2, (size[1] - step * len(lines)) / 2
    draw.rectangle((left - 30, top - 25, left + width + 30, top + step * len(lines) + 25), board)
    for i, line in enumerate(lines):
        draw.text((left, top + i * step), line, ink, font)
    return np.asarray(image.rotate(turned, Image.Resampling.BICUBIC, fillcolor="#96968c"))
