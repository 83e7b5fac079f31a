"""The scene table: facts, changes, and what is remembered."""

from __future__ import annotations

from dataclasses import fields

from dialogue.blocks import Fact
from vision.box import Box
from vision.colours import Light
from vision.reading.signs import Sign
from vision.reading.text_line import TextLine
from vision.scene import Scene
from vision.scene_change import SceneChange
from vision.scene_fact import SceneFact
from vision.tracking import Track

LEFT, CENTRE, RIGHT = (0.0, 0.2, 0.2, 0.9), (0.4, 0.2, 0.6, 0.9), (0.8, 0.2, 1.0, 0.9)


def track(number: int, label: str = "person", box: Box = CENTRE, since: float = 0.0, at: float = 0.0) -> Track:
    return Track(number, label, 0.8, box, since, at)


def sign(text: str) -> Sign:
    return Sign((TextLine(text, 0.98, CENTRE),))


def objects(scene: Scene) -> list[tuple[str, int, str, str]]:
    return [(fact.label, fact.count, fact.place, fact.colour) for fact in scene.facts() if fact.kind == "object"]


def test_scene_facts_have_the_fields_of_the_conversation_facts() -> None:
    assert [(each.name, each.default) for each in fields(SceneFact)] == [
        (each.name, each.default) for each in fields(Fact)
    ]


def test_objects_are_grouped_by_place_and_colour() -> None:
    scene = Scene()
    things = [
        track(1, "cup", LEFT),
        track(2, "cup", LEFT),
        track(3, "cup", RIGHT),
        track(4, "cup", RIGHT),
        track(5, "person", CENTRE),
    ]
    scene.see(things, {3: "red", 4: "blue"}, 1.0)
    assert objects(scene) == [
        ("person", 1, "centre", ""),
        ("cup", 2, "left", ""),
        ("cup", 1, "right", "red"),
        ("cup", 1, "right", "blue"),
    ]


def test_a_fact_has_its_first_and_last_time() -> None:
    scene = Scene()
    scene.see([track(1, since=2.0, at=6.0), track(2, since=3.0, at=7.0)], {}, 7.0)
    (fact,) = [fact for fact in scene.facts() if fact.kind == "object"]
    assert (fact.count, fact.since, fact.at) == (2, 2.0, 7.0)


def test_one_different_look_does_not_change_a_colour() -> None:
    scene = Scene()
    for at, colour in enumerate(["red", "red", "brown"]):
        scene.see([track(1, "cup")], {1: colour}, float(at))
    assert objects(scene) == [("cup", 1, "centre", "red")]


def test_arrivals_and_departures_are_logged_with_times() -> None:
    scene = Scene()
    scene.see([track(1)], {}, 0.0)
    scene.see([track(1), track(2, box=LEFT, since=5.0)], {}, 5.5)
    scene.see([track(1), track(2, box=LEFT, since=5.0), track(3, "cup", RIGHT, since=7.0)], {}, 7.0)
    scene.see([track(1), track(3, "cup", RIGHT, since=7.0)], {}, 9.0)
    scene.see([], {}, 12.0)
    assert scene.changes()[:3] == (
        SceneChange("thing came", 5.5, "person", others=1),
        SceneChange("thing came", 7.0, "cup"),
        SceneChange("thing left", 9.0, "person", others=1),
    )
    assert sorted(scene.changes()[3:], key=lambda change: change.label) == [
        SceneChange("thing left", 12.0, "cup"),
        SceneChange("thing left", 12.0, "person"),
    ]


def test_objects_present_when_the_camera_starts_are_not_logged() -> None:
    scene = Scene()
    scene.see([], {}, 100.0)
    scene.see([track(1, since=100.5)], {}, 101.0)
    scene.read([sign("EXIT 42")], 101.0)
    assert scene.changes() == ()


def test_a_sign_is_remembered_after_it_left() -> None:
    scene = Scene()
    scene.read([sign("EXIT 42")], 1.0)
    scene.see([], {}, 5.0)
    (fact,) = [fact for fact in scene.facts() if fact.kind == "text"]
    assert (fact.text, fact.place, fact.since, fact.at) == ("EXIT 42", "centre", 1.0, 5.0)  # no reading has missed it
    scene.read([], 6.0)
    scene.read([], 7.0)
    scene.see([], {}, 20.0)
    (fact,) = [fact for fact in scene.facts() if fact.kind == "text"]
    assert (fact.text, fact.at) == ("EXIT 42", 1.0)
    assert scene.changes() == (SceneChange("sign left", 7.0, text="EXIT 42"),)
    assert scene.present() == ()


def test_a_lost_camera_leaves_darkness_and_remembered_texts() -> None:
    scene = Scene()
    scene.see([track(1)], {1: "red"}, 1.0)
    scene.read([sign("EXIT 42")], 1.0)
    scene.lit("normal", ["grey"], 1.0)
    scene.camera_lost(3.0)
    assert [(fact.kind, fact.label, fact.at) for fact in scene.facts()] == [
        ("text", "sign", 1.0),
        ("light", "dark", 3.0),
    ]
    scene.see([track(2, since=9.0)], {}, 9.0)
    assert scene.changes() == ()  # it was not the person who came, but the camera


def test_a_covered_lens_leaves_darkness_alone_in_view() -> None:
    scene = Scene()
    scene.see([track(1)], {1: "red"}, 1.0)
    scene.read([sign("EXIT 42")], 1.0)
    scene.lit("normal", ["grey"], 1.0)
    scene.covered(3.0)
    assert [(fact.kind, fact.label) for fact in scene.facts()] == [("light", "dark")]
    assert scene.changes() == (SceneChange("light left", 3.0),)
    scene.lit("normal", ["grey"], 4.0)
    scene.read([sign("EXIT 42")], 4.0)
    assert scene.changes()[-1] == SceneChange("sign returned", 4.0, text="EXIT 42")


def test_changes_to_and_from_darkness_are_logged() -> None:
    scene = Scene()
    lights: list[Light] = ["normal", "dim", "dark", "normal"]
    for at, light in enumerate(lights):
        scene.lit(light, [], float(at))
    assert scene.changes() == (SceneChange("light left", 2.0), SceneChange("light came", 3.0))


def test_the_log_is_bounded() -> None:
    scene = Scene()
    scene.see([], {}, 0.0)
    for number in range(1, 500):
        scene.see([track(number, since=float(number + 5))], {}, float(number + 5))
    assert len(scene.changes()) == 50
    assert scene.changes()[-1].at == 504.0


def test_a_new_scene_is_empty() -> None:
    assert Scene().facts() == ()
    assert Scene().changes() == ()
