"""What a clip is: a view for each time, and scripted questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from vision.picture import Pixels

WIDTH, HEIGHT = 1280, 720
GRAIN = 3.0  # grey levels of sensor noise, standard deviation


@dataclass(frozen=True, slots=True)
class ClipQuestion:
    """A question at `at` seconds. The answer is right if it holds each of `wanted` and none of `wrong`."""

    at: float
    question: str
    wanted: tuple[str, ...]
    wrong: tuple[str, ...] = ()

    def is_right(self, answer: str) -> bool:
        said = answer.casefold()
        return all(part.casefold() in said for part in self.wanted) and not any(
            part.casefold() in said for part in self.wrong
        )


@dataclass(frozen=True, slots=True)
class Clip:
    """`view(t)` is the picture without noise at `t` seconds, (720, 1280, 3) uint8."""

    name: str
    seconds: float
    view: Callable[[float], Pixels]
    asked: tuple[ClipQuestion, ...]


def photos() -> dict[str, Pixels]:
    """Photos of which the detector knows the main object, by its name."""
    return {
        "person": np.asarray(skimage.data.astronaut()),
        "cup": np.asarray(skimage.data.coffee()),
        "cat": np.asarray(skimage.data.chelsea()),
    }


def room(colour: tuple[int, int, int] = (150, 146, 138)) -> Pixels:
    """A wall with a shade, and a desk."""
    shade = np.linspace(0.85, 1.1, WIDTH)[None, :, None]
    wall = np.clip(np.array(colour)[None, None] * shade, 0, 255).astype(np.uint8).repeat(HEIGHT, 0)
    wall[HEIGHT * 3 // 4 :] = (110, 84, 62)
    return wall


def with_photo(view: Pixels, photo: Pixels, x: float, height: int = 420) -> Pixels:
    """The view with a photo, `height` pixels high, whose middle is at `x` of the width."""
    small = cv2.resize(photo, (round(photo.shape[1] * height / photo.shape[0]), height), interpolation=cv2.INTER_AREA)
    left, top = round(x * view.shape[1] - small.shape[1] / 2), (view.shape[0] - height) // 2
    out = view.copy()
    cut = slice(max(0, -left), small.shape[1] - max(0, left + small.shape[1] - view.shape[1]))
    out[top : top + height, max(0, left) : left + cut.stop] = small[:, cut]
    return out


def with_sign(view: Pixels, lines: list[str], x: float = 0.5, y: float = 0.5, px: int = 56) -> Pixels:
    """The view with a white board that says `lines`."""
    image = Image.fromarray(view)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(px)
    width, step = max(draw.textlength(line, font) for line in lines), 1.4 * px
    left, top = x * view.shape[1] - width / 2, y * view.shape[0] - step * len(lines) / 2
    draw.rectangle((left - 40, top - 30, left + width + 40, top + step * len(lines) + 30), (244, 244, 240))
    for number, line in enumerate(lines):
        draw.text((left, top + number * step), line, (20, 20, 24), font)
    return np.asarray(image)
