"""Names of colours and light, on plain colours, a survey of colour names, and photos. Also tests `picture.py`."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import XKCD_COLORS, to_rgb

from vision.colours import brightness, dominant_colours
from vision.picture import Pixels

NAMES = ("black", "grey", "white", "red", "orange", "brown", "yellow", "green", "turquoise", "blue", "purple", "pink")


def name_of(rgb: tuple[int, int, int]) -> str:
    """The name of a picture of one colour."""
    return dominant_colours(np.array([[rgb]], np.uint8))[0][0]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 128, 0), "green"),
        ((0, 0, 255), "blue"),
        ((255, 255, 0), "yellow"),
        ((255, 140, 0), "orange"),
        ((139, 69, 19), "brown"),
        ((128, 0, 128), "purple"),
        ((255, 105, 180), "pink"),
        ((64, 224, 208), "turquoise"),
        ((245, 245, 220), "beige"),
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
    ],
)
def test_plain_colours_have_their_names(rgb: tuple[int, int, int], name: str) -> None:
    assert name_of(rgb) == name


@pytest.mark.parametrize("cast", [(0, 0, 0), (6, 0, -6), (-6, 0, 6), (0, 5, -4)])
@pytest.mark.parametrize("level", [80, 128, 170])
def test_grey_stays_grey_under_a_slight_cast(level: int, cast: tuple[int, int, int]) -> None:
    red, green, blue = (level + shift for shift in cast)
    assert name_of((red, green, blue)) == "grey"


def test_people_mostly_use_the_same_names() -> None:
    """The xkcd survey of thousands of people: names such as "dark green" and "sky blue", without mixtures."""
    survey = {name.removeprefix("xkcd:"): code for name, code in XKCD_COLORS.items() if isinstance(code, str)}
    simple = {
        name: code
        for name, code in survey.items()
        if name.split()[-1] in NAMES and not any(word.removesuffix("ish")[:4] in _STEMS for word in name.split()[:-1])
    }
    agreed = sum(name_of(_bytes(code)) == name.split()[-1] for name, code in simple.items())
    assert len(simple) > 300
    assert agreed / len(simple) > 0.9


_STEMS = {name[:4] for name in NAMES} | {"viol", "teal", "aqua", "cyan", "seaf", "must", "purp", "blu", "redd", "gray"}


def _bytes(code: str) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in to_rgb(code))
    return red, green, blue


def test_colours_have_their_shares_of_the_picture() -> None:
    flag = np.zeros((60, 90, 3), np.uint8)
    flag[:30], flag[30:] = (200, 20, 20), (250, 250, 250)
    flag[:, :9] = (20, 20, 200)
    assert [name for name, _ in dominant_colours(flag)] == ["white", "red", "blue"]
    assert sum(share for _, share in dominant_colours(flag)) == pytest.approx(1)
    assert dominant_colours(flag, (0.2, 0, 1, 0.5)) == [("red", 1.0)]


def test_an_empty_box_has_a_colour_too() -> None:
    assert dominant_colours(np.full((5, 5, 3), 255, np.uint8), (0.5, 0.5, 0.5, 0.5)) == [("white", 1.0)]


@pytest.mark.parametrize(
    ("rgb", "word"),
    [((0, 0, 0), "dark"), ((50, 12, 8), "dark"), ((128, 128, 128), "normal"), ((240, 240, 240), "bright")],
)
def test_plain_pictures_have_the_expected_light(rgb: tuple[int, int, int], word: str) -> None:
    assert brightness(np.full((48, 64, 3), rgb, np.uint8))[1] == word


def test_a_photo_becomes_dim_and_dark_as_the_light_fades(astronaut: Pixels) -> None:
    words = [brightness((astronaut * light).astype(np.uint8))[1] for light in (1.0, 0.5, 0.15)]
    assert words == ["normal", "dim", "dark"]


def test_a_blue_wall_is_not_a_covered_lens() -> None:
    assert brightness(np.full((48, 64, 3), (30, 60, 200), np.uint8))[1] != "dark"
