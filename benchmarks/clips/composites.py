"""Annotated pictures made of sample photos: on walls and textures, at several sizes, lights and degrees of blur."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
import skimage.data
from matplotlib import cbook
from PIL import Image

from vision.picture import Pixels

WIDTH, HEIGHT = 960, 720


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo, the kind of thing that it surely shows, and kinds that somebody may see in it, which are not asked."""

    rgb: Pixels
    shows: str
    perhaps: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """A picture, the kinds that are in it, and those that are not asked about."""

    rgb: Pixels
    shows: frozenset[str]
    perhaps: frozenset[str]


def sample_photos() -> list[Photo]:
    """The photos that come with scikit-image and matplotlib."""
    hopper = np.asarray(Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)).convert("RGB"))
    camera = np.repeat(skimage.data.camera()[:, :, None], 3, axis=2)
    return [
        Photo(np.asarray(skimage.data.astronaut()), "person", frozenset({"airplane"})),
        Photo(hopper, "person", frozenset({"tie"})),
        Photo(camera, "person", frozenset({"handbag", "backpack", "suitcase", "umbrella"})),
        Photo(np.asarray(skimage.data.coffee()), "cup", frozenset({"spoon", "dining table", "bowl", "knife", "fork"})),
        Photo(np.asarray(skimage.data.chelsea()), "cat", frozenset()),
        Photo(
            np.asarray(skimage.data.stereo_motorcycle()[0]),
            "motorcycle",
            frozenset({"bicycle", "car", "chair", "truck", "bench"}),
        ),
    ]


def composite(photos: list[Photo], random: Random) -> Annotated:
    """One to three photos side by side, mirrored at random, in a random light, with noise and a little blur."""
    chosen = random.sample(photos, random.randint(1, 3))
    rgb = _background(random)
    slot = WIDTH / len(chosen)
    for number, photo in enumerate(chosen):
        tall = min(random.uniform(0.55, 0.95) * HEIGHT, 0.95 * slot * photo.rgb.shape[0] / photo.rgb.shape[1])
        height = round(tall)
        width = round(photo.rgb.shape[1] * height / photo.rgb.shape[0])
        small = cv2.resize(photo.rgb, (width, height), interpolation=cv2.INTER_AREA)
        small = small[:, ::-1] if random.random() < 0.5 else small
        left = round(number * slot + (slot - width) * random.random())
        top = round((HEIGHT - height) * random.random())
        rgb[top : top + height, left : left + width] = small
    shows = frozenset(photo.shows for photo in chosen)
    return Annotated(_photographed(rgb, random), shows, frozenset().union(*(photo.perhaps for photo in chosen)) - shows)


def _background(random: Random) -> Pixels:
    textures: list[Callable[[], Pixels]] = [skimage.data.brick, skimage.data.grass, skimage.data.gravel]
    if random.random() < 0.5:
        return np.full((HEIGHT, WIDTH, 3), [random.randint(40, 220) for _ in range(3)], np.uint8)
    grey = cv2.resize(random.choice(textures)(), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    tint = np.array([random.uniform(0.6, 1.0) for _ in range(3)])
    return np.asarray(grey[:, :, None] * tint, np.uint8)


def _photographed(rgb: Pixels, random: Random) -> Pixels:
    noise = np.random.default_rng(random.randrange(1 << 30)).normal(0, random.uniform(1, 5), rgb.shape)
    lit = np.clip(rgb * random.uniform(0.6, 1.15) + noise, 0, 255).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), random.uniform(0.3, 1.2)), np.uint8)
