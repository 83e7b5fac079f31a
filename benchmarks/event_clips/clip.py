"""Draws what a camera sees: photos that come and go, signs, the light, a hand that shakes, noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import cv2
import matplotlib.cbook
import numpy as np
import skimage.data
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
SLIDES_S = 0.8  # that something takes to come in from the side
GRAIN = 2.5  # grey levels of sensor noise, standard deviation
_WALLS = ((96, 112, 104), (150, 142, 130), (70, 78, 96))

Rgb = NDArray[np.uint8]


@cache
def photos() -> dict[str, tuple[Rgb, ...]]:
    """Photos, whole, by what the detector should find in them."""
    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    portrait = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    photographer = np.repeat(skimage.data.camera()[:, :, None], 3, 2)
    return {
        "person": (skimage.data.astronaut(), np.asarray(portrait, np.uint8), photographer),
        "cup": (skimage.data.coffee(),),
        "cat": (skimage.data.chelsea(),),
        "motorcycle": (skimage.data.stereo_motorcycle()[0],),
    }


@dataclass(frozen=True, slots=True)
class MovingPhoto:
    """A photo at `x`, the middle as a share of the width, from `comes` to `goes` in seconds. `slides`: it comes and
    goes by the nearer side of the picture; it is there, and gone, when half of it is."""

    label: str
    x: float
    comes: float = float("-inf")
    goes: float = float("inf")
    slides: bool = True
    number: int = 0  # which photo of this kind
    height: int = 260


@dataclass(frozen=True, slots=True)
class Board:
    """A sign with one line of text."""

    text: str
    comes: float = float("-inf")
    goes: float = float("inf")


@dataclass(frozen=True, slots=True)
class EventClip:
    """`rule` is what the user asks for; `due` are the times, in seconds, at which it comes true. It is dark from the
    first to the second time of `dark`."""

    rule: str
    seconds: float
    due: tuple[float, ...]
    things: tuple[MovingPhoto, ...] = ()
    boards: tuple[Board, ...] = ()
    dark: tuple[float, float] = (float("inf"), float("inf"))
    shakes: bool = False
    wall: int = 0
    light: Callable[[float], float] = field(default=lambda _at: 1.0)

    def view(self, at: float, chance: np.random.Generator) -> Rgb:
        """What the camera sees at `at` seconds, (480, 640, 3)."""
        picture = _room(self.wall)
        for thing in self.things:
            _put(picture, thing, at)
        for board in self.boards:
            if board.comes <= at < board.goes:
                _write(picture, board.text)
        if self.shakes:
            picture = np.roll(picture, (round(3 * np.sin(7 * at)), round(4 * np.sin(5 * at))), (0, 1))
        light = 0.03 if self.dark[0] <= at < self.dark[1] else self.light(at)
        noisy = picture * light + chance.normal(0, GRAIN, picture.shape)
        return np.clip(noisy, 0, 255).astype(np.uint8)


@cache
def _empty_room(wall: int) -> Rgb:
    shade = np.linspace(0.85, 1.1, WIDTH)[None, :, None]
    room = np.clip(np.array(_WALLS[wall])[None, None] * shade, 0, 255).astype(np.uint8).repeat(HEIGHT, 0)
    room[HEIGHT * 4 // 5 :] = (104, 82, 62)
    return room


def _room(wall: int) -> Rgb:
    return _empty_room(wall).copy()


@cache
def _scaled(label: str, number: int, height: int) -> Rgb:
    of_kind = photos()[label]
    photo = of_kind[number % len(of_kind)]
    width = round(photo.shape[1] * height / photo.shape[0])
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _put(picture: Rgb, thing: MovingPhoto, at: float) -> None:
    photo = _scaled(thing.label, thing.number, thing.height)
    height, width = photo.shape[:2]
    middle = thing.x * WIDTH
    if thing.slides:
        side = 0 if thing.x < 0.5 else WIDTH
        # Half of it is in view at `comes`, and half is left at `goes`.
        here = min(_share(at - thing.comes), _share(thing.goes - at))
        outside = side - width / 2 if side == 0 else side + width / 2
        middle = outside + (middle - outside) * here
    elif not thing.comes <= at < thing.goes:
        return
    left, top = round(middle - width / 2), HEIGHT * 4 // 5 - height + 40
    x0, x1 = max(0, left), min(WIDTH, left + width)
    if x0 < x1:
        picture[top : top + height, x0:x1] = photo[:, x0 - left : x1 - left]


def _share(since: float) -> float:
    """How far a slide is, 0..1, `since` seconds after its middle."""
    return float(np.clip(since / SLIDES_S + 0.5, 0.0, 1.0))


def _write(picture: Rgb, text: str) -> None:
    font, scale, thickness = cv2.FONT_HERSHEY_SIMPLEX, 1.8, 5
    (width, height), _ = cv2.getTextSize(text, font, scale, thickness)
    left, top = (WIDTH - width) // 2, 40
    cv2.rectangle(picture, (left - 24, top), (left + width + 24, top + height + 48), (245, 245, 240), -1)
    cv2.putText(picture, text, (left, top + height + 22), font, scale, (20, 20, 24), thickness, cv2.LINE_AA)
