"""Relations between boxes: found where they are plain, and not where they are not."""

from __future__ import annotations

from vision.box import Box
from vision.relations import MOST_OBJECTS, relations
from vision.tracking import Track

TABLE: Box = (0.2, 0.5, 0.9, 1.0)


def track(label: str, box: Box, number: int = 1) -> Track:
    return Track(number, label, 0.8, box, 0.0, 0.0)


def found(*tracks: Track) -> set[str]:
    return {f"{each.label} {each.kind} {each.other}" for each in relations(tracks)}


def test_what_stands_on_a_table_is_on_it_and_the_table_is_on_nothing() -> None:
    said = found(track("cup", (0.4, 0.4, 0.5, 0.6)), track("dining table", TABLE))
    assert "cup on dining table" in said
    assert not any(each.startswith("dining table on") or " under " in each for each in said)


def test_what_lies_below_the_top_is_under_it() -> None:
    assert "dog under dining table" in found(track("dog", (0.4, 0.8, 0.6, 1.0)), track("dining table", TABLE))


def test_neighbours_at_one_height_stand_next_to_each_other() -> None:
    said = found(track("cup", (0.2, 0.4, 0.3, 0.6)), track("laptop", (0.35, 0.3, 0.7, 0.6)))
    assert {"cup next to laptop", "laptop next to cup", "cup left of laptop", "laptop right of cup"} == said
    apart = found(track("cup", (0.0, 0.0, 0.1, 0.2)), track("laptop", (0.6, 0.6, 0.9, 0.9)))
    assert apart == {"cup left of laptop", "laptop right of cup"}


def test_what_a_person_holds_is_in_front_of_the_person() -> None:
    said = found(track("cup", (0.45, 0.5, 0.55, 0.6)), track("person", (0.2, 0.1, 0.8, 1.0)))
    assert said == {"cup in front of person"}
    assert found(track("tie", (0.45, 0.5, 0.55, 0.6)), track("person", (0.2, 0.1, 0.8, 1.0))) == set()


def test_what_covers_one_place_has_no_side() -> None:
    assert found(track("cup", (0.4, 0.2, 0.6, 0.5)), track("bowl", (0.4, 0.6, 0.6, 0.9))) == set()


def test_a_crowd_is_bounded() -> None:
    crowd = [track("person", (0.01 * number, 0.2, 0.01 * number + 0.3, 0.9), number) for number in range(100)]
    assert len(relations(crowd)) <= 3 * MOST_OBJECTS * (MOST_OBJECTS - 1)
