"""The vision models together, from pictures to the scene table."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.vision.conftest import DrawSign, as_high
from vision.picture import Picture, Pixels
from vision.seeing.look import SceneUpdate, VisionModels
from vision.seeing.scene import Scene


def objects(scene: Scene) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fact in scene.facts():
        if fact.kind == "object":
            counts[fact.label] = counts.get(fact.label, 0) + fact.count
    return counts


def places(scene: Scene) -> list[tuple[str, str]]:
    return [(fact.label, fact.place) for fact in scene.present() if fact.kind == "object"]


def live(rgb: Pixels, seed: int) -> Pixels:
    """The same view in another, noisy frame of a camera."""
    grain = np.random.default_rng(seed).normal(0, 5, rgb.shape)
    return np.clip(as_high(rgb, rgb.shape[0]) + grain, 0, 255).astype(np.uint8)


def test_a_picture_of_a_person_is_understood_in_one_look(vision_models: VisionModels, astronaut: Pixels) -> None:
    scene = vision_models.study(Picture(astronaut, 3.0)).scene
    assert objects(scene) == {"person": 1}
    assert places(scene) == [("person", "centre")]


def test_a_picture_of_a_cat_is_understood_in_one_look(vision_models: VisionModels, cat: Pixels) -> None:
    scene = vision_models.study(Picture(cat, 0.0)).scene
    assert places(scene) == [("cat", "centre")]
    assert not [fact for fact in scene.present() if fact.kind == "text"]
    assert {fact.colour for fact in scene.facts() if fact.kind == "object"} <= {"brown", "beige"}


def test_two_people_are_counted_once_each(vision_models: VisionModels, two_people: Pixels) -> None:
    scene = vision_models.study(Picture(two_people, 0.0)).scene
    assert objects(scene)["person"] == 2
    assert {fact.place for fact in scene.facts() if fact.label == "person"} == {"left", "right"}


def test_a_name_plate_in_a_portrait_is_read(vision_models: VisionModels, hopper: Pixels) -> None:
    scene = vision_models.study(Picture(hopper, 0.0)).scene
    assert objects(scene)["person"] == 1
    assert any("HOPPER" in fact.text for fact in scene.facts())


def test_a_sign_is_read_in_one_look(vision_models: VisionModels, draw_sign: DrawSign) -> None:
    scene = vision_models.study(Picture(draw_sign(["NO PARKING", "8 AM TO 6 PM"]), 0.0)).scene
    assert [fact.text for fact in scene.present() if fact.kind == "text"] == ["NO PARKING 8 AM TO 6 PM"]
    assert objects(scene) == {}


def test_a_picture_that_follows_another_changes_the_scene(
    vision_models: VisionModels, astronaut: Pixels, draw_sign: DrawSign
) -> None:
    look = vision_models.study(Picture(astronaut, 0.0), SceneUpdate())
    assert not look.scene.events()
    vision_models.study(Picture(astronaut, 12.0), look)
    assert not look.scene.events(), "the same picture again"
    assert [track.since for track in look.tracks()] == [0.0]
    vision_models.study(Picture(draw_sign(["NO PARKING"]), 24.0), look)
    assert {change.at for change in look.scene.events()} == {24.0}
    assert any("NO PARKING" in change.text for change in look.scene.events())
    assert objects(look.scene) == {}
    vision_models.study(Picture(astronaut, 36.0), look)
    assert ("text gone", "NO PARKING") in [
        (change.kind, change.text) for change in look.scene.events() if change.at == 36.0
    ]
    assert objects(look.scene) == {"person": 1}


def test_a_still_picture_is_understood_in_three_glances(
    vision_models: VisionModels, astronaut: Pixels, cat: Pixels, two_people: Pixels
) -> None:
    for rgb, expected in ((astronaut, {"person": 1}), (cat, {"cat": 1}), (two_people, {"person": 2})):
        look = SceneUpdate()
        for glance in range(3):
            vision_models.glance(look, Picture(rgb, glance / 2))
        assert expected.items() <= objects(look.scene).items()


def test_an_arrival_and_a_departure_are_logged(vision_models: VisionModels, astronaut: Pixels) -> None:
    wall = np.full((480, 640, 3), (150, 140, 120), np.uint8)
    visit = wall.copy()
    visit[:, 100:580] = cv2.resize(astronaut, (480, 480), interpolation=cv2.INTER_AREA)
    look = SceneUpdate()
    for step in range(20):
        at = step / 2
        vision_models.glance(look, Picture(live(visit if 3 <= at < 6 else wall, step), at))
        if at in (2.5, 5.5):
            assert objects(look.scene) == ({"person": 1} if at == 5.5 else {})
    assert [(change.kind, change.label, change.others) for change in look.scene.events()] == [
        ("entered", "person", 0),
        ("left", "person", 0),
    ]
    came, left = (change.at for change in look.scene.events())
    assert 3 <= came <= 4
    assert 6 < left <= 8.5
    assert look.tracks() == []


def test_a_glance_and_a_reading_update_one_scene(vision_models: VisionModels, draw_sign: DrawSign) -> None:
    look, picture = SceneUpdate(), Picture(draw_sign(["EXIT 42"]), 7.0)
    vision_models.glance(look, picture)
    vision_models.read(look, picture)
    assert [line.text for line in look.lines()] == ["EXIT 42"]
    assert {(fact.kind, fact.text) for fact in look.scene.facts()} >= {("text", "EXIT 42")}
    look.camera_lost(8.0)
    assert look.lines() == ()
    assert not [fact for fact in look.scene.present() if fact.kind == "text"]


@pytest.mark.parametrize("rgb", [(0, 0, 0), (40, 10, 8)])
def test_a_covered_lens_is_dark(vision_models: VisionModels, rgb: tuple[int, int, int]) -> None:
    look = SceneUpdate()
    vision_models.glance(look, Picture(np.full((480, 640, 3), rgb, np.uint8), 0.0))
    assert [fact.label for fact in look.scene.facts() if fact.kind == "light"] == ["dark"]
    assert objects(look.scene) == {}
    assert not [fact for fact in look.scene.present() if fact.kind == "text"]


def test_covering_the_lens_takes_a_sign_out_of_view_at_once(vision_models: VisionModels, draw_sign: DrawSign) -> None:
    look, sign = SceneUpdate(), draw_sign(["EXIT 42"])
    vision_models.glance(look, Picture(sign, 7.0))
    vision_models.read(look, Picture(sign, 7.0))
    noise = np.random.default_rng(0).integers(0, 12, (480, 640, 3)).astype(np.uint8)  # of the sensor
    vision_models.glance(look, Picture(noise, 7.5))
    vision_models.read(look, Picture(noise, 7.5))
    assert not [fact for fact in look.scene.facts() if fact.kind == "text"]
    assert look.lines() == ()
    vision_models.glance(look, Picture(sign, 9.0))
    vision_models.read(look, Picture(sign, 9.0))
    assert [fact.text for fact in look.scene.facts() if fact.kind == "text"] == ["EXIT 42"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (400, 20)])
def test_pictures_of_any_shape_are_accepted(vision_models: VisionModels, shape: tuple[int, int]) -> None:
    assert objects(vision_models.study(Picture(np.full((*shape, 3), 160, np.uint8), 0.0)).scene) == {}


def test_sessions_share_nothing(vision_models: VisionModels, astronaut: Pixels) -> None:
    one, other = SceneUpdate(), SceneUpdate()
    vision_models.glance(one, Picture(astronaut, 0.0))
    assert objects(one.scene) == {"person": 1}
    assert other.scene.facts() == ()
