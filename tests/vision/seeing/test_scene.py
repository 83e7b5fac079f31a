"""The scene table: facts, changes, and what is remembered.

Also tests `vision/scene_event.py` and `vision/scene_fact.py`.
"""

from __future__ import annotations

from dataclasses import fields

from dialogue.blocks import Fact
from vision.box import Box
from vision.colours import Light
from vision.reading.signs import Sign
from vision.reading.text_line import TextLine
from vision.scene_event import SceneEvent
from vision.scene_fact import SceneFact
from vision.seeing.scene import Scene
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
    assert scene.events()[:3] == (
        SceneEvent("entered", 5.5, "person", others=1, number=2, place="left"),
        SceneEvent("entered", 7.0, "cup", number=3, place="right", distance="near"),
        SceneEvent("left", 9.0, "person", others=1, number=2, place="left"),
    )
    assert sorted((event.kind, event.at, event.label) for event in scene.events()[3:]) == [
        ("left", 12.0, "cup"),
        ("left", 12.0, "person"),
    ]


def test_an_event_says_which_object_moved_and_of_what_colour_it_is() -> None:
    scene = Scene()
    for at in range(4):
        box = (0.1 + 0.2 * at, 0.2, 0.2 + 0.2 * at, 0.4)
        scene.see([track(7, "cup", box, at=float(at))], {7: "red"}, float(at))
    assert scene.take_new_events() == (SceneEvent("moved right", 2.0, "cup", 0, 7, "red", "centre"),)
    assert scene.take_new_events() == ()


def test_what_was_there_from_the_beginning_enters_when_it_returns() -> None:
    scene = Scene()
    scene.see([track(1, since=0.0)], {}, 0.0)
    scene.see([], {}, 5.0)
    scene.see([track(1, since=0.0, at=8.0)], {}, 8.0)
    assert [event.kind for event in scene.events()] == ["left", "entered"]


def test_what_is_there_when_the_lens_is_uncovered_did_not_come_in() -> None:
    scene = Scene()
    scene.lit("normal", [], 1.0)
    scene.see([track(1)], {}, 1.0)
    scene.covered(10.0)
    scene.lit("normal", [], 20.0)
    scene.see([track(2, since=20.5)], {}, 20.5)
    assert [event.kind for event in scene.events()] == ["light off", "light on"]


def test_objects_present_when_the_camera_starts_are_not_logged() -> None:
    scene = Scene()
    scene.see([], {}, 100.0)
    scene.see([track(1, since=100.5)], {}, 101.0)
    scene.read([sign("EXIT 42")], 101.0)
    assert scene.events() == ()


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
    assert scene.events() == (SceneEvent("text gone", 7.0, text="EXIT 42"),)
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
    assert scene.events() == ()  # it was not the person who came, but the camera


def test_a_covered_lens_leaves_darkness_alone_in_view() -> None:
    scene = Scene()
    scene.see([track(1)], {1: "red"}, 1.0)
    scene.read([sign("EXIT 42")], 1.0)
    scene.lit("normal", ["grey"], 1.0)
    scene.covered(3.0)
    assert [(fact.kind, fact.label) for fact in scene.facts()] == [("light", "dark")]
    assert scene.events() == (SceneEvent("light off", 3.0),)
    scene.lit("normal", ["grey"], 4.0)
    scene.read([sign("EXIT 42")], 4.0)
    assert scene.events()[-1] == SceneEvent("text returned", 4.0, text="EXIT 42")


def test_changes_to_and_from_darkness_are_logged() -> None:
    scene = Scene()
    lights: list[Light] = ["normal", "dim", "dark", "normal"]
    for at, light in enumerate(lights):
        scene.lit(light, [], float(at))
    assert scene.events() == (SceneEvent("light off", 2.0), SceneEvent("light on", 3.0))


def test_the_log_is_bounded() -> None:
    scene = Scene()
    scene.see([], {}, 0.0)
    for number in range(1, 500):
        scene.see([track(number, since=float(number + 5))], {}, float(number + 5))
    assert len(scene.events()) == 50
    assert scene.events()[-1].at == 504.0


def test_a_new_scene_is_empty() -> None:
    assert Scene().facts() == ()
    assert Scene().events() == ()
