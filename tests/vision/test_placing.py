"""Names of places and distances from boxes."""

from __future__ import annotations

import pytest

from vision.placing import distance_of, place_of


@pytest.mark.parametrize(
    ("left", "right", "place"),
    [(0.0, 0.3, "left"), (0.4, 0.6, "centre"), (0.8, 1.0, "right"), (0.0, 0.7, "centre"), (0.2, 0.45, "left")],
)
def test_the_place_is_named_from_the_box(left: float, right: float, place: str) -> None:
    assert place_of((left, 0.1, right, 0.9)) == place


def test_an_object_on_a_border_keeps_its_place() -> None:
    on_the_border = (0.24, 0.1, 0.44, 0.9)
    assert place_of(on_the_border, "left") == "left"
    assert place_of(on_the_border, "centre") == "centre"


def test_an_object_past_the_border_changes_its_place() -> None:
    assert place_of((0.35, 0.1, 0.45, 0.9), "left") == "centre"
    assert place_of((0.25, 0.1, 0.33, 0.9), "centre") == "left"


@pytest.mark.parametrize(
    ("label", "side", "distance"),
    [("person", 0.7, "near"), ("person", 0.3, ""), ("person", 0.1, "far"), ("cup", 0.4, "near"), ("cup", 0.05, "far")],
)
def test_the_distance_depends_on_the_size_of_the_object(label: str, side: float, distance: str) -> None:
    assert distance_of(label, (0.1, 0.1, 0.1 + side, 0.1 + side)) == distance
