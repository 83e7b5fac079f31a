"""When rules come true, on scripted scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from dialogue.blocks import Place, SceneBlock
from dialogue.watching.condition import Condition, WatchRule
from dialogue.watching.watcher import CameTrue, Watcher, is_true
from tests.dialogue.watching.scenes import scene

SOMEONE = Condition("appears", ("person",), "person")
NOBODY = Condition("none left", ("person",), "person")
LOOK_S = 0.25
Stretches = Sequence[tuple[float, SceneBlock]]


def seen(condition: Condition, *stretches: tuple[float, SceneBlock]) -> list[tuple[float, str]]:
    """(time, sentence) of each time that the rule comes true while scenes last as long as `stretches` say."""
    watcher: Watcher | None = None
    found: list[tuple[float, str]] = []
    at = 0.0
    for lasts_s, shown in stretches:
        for _ in range(round(lasts_s / LOOK_S)):
            facts = tuple(replace(fact, at=at) for fact in shown.facts)
            now = SceneBlock(facts, "", at, shown.camera)
            watcher = watcher or Watcher(WatchRule(1, condition, every_time=True), now)
            result = watcher.see(now)
            found += [(at, result.said)] if result is not None else []
            at += LOOK_S
    return found


EMPTY, CUP = scene(0), scene(0, "cup")
PERSON, TWO = scene(0, "person left"), scene(0, "person left", "person right")
DARK, OFF = scene(0, light="dark"), scene(0, camera=False)


@pytest.mark.parametrize(
    ("condition", "stretches", "expected"),
    [
        (SOMEONE, [(3, EMPTY), (3, PERSON)], ["a person came in on the left"]),
        (SOMEONE, [(3, PERSON), (6, EMPTY), (3, PERSON)], ["a person came in on the left"]),
        (SOMEONE, [(3, PERSON), (3, TWO)], ["a person came in on the left"]),
        (SOMEONE, [(6, PERSON)], []),
        (Condition("leaves", ("cup",), "cup"), [(3, CUP), (3, EMPTY)], ["the cup is gone"]),
        (Condition("leaves", ("cup",), "cup"), [(3, EMPTY), (3, PERSON)], []),
        (NOBODY, [(3, TWO), (3, PERSON), (3, EMPTY)], ["nobody is there any more"]),
        (Condition("count", ("person",), "person", number=2), [(3, PERSON), (3, TWO)], ["there are two people now"]),
        (Condition("dark"), [(3, EMPTY), (3, DARK)], ["it got dark"]),
        (Condition("light"), [(3, DARK), (3, EMPTY)], ["the light is on"]),
        (Condition("text", text="exit"), [(3, EMPTY), (3, scene(0, text="Fire EXIT 42"))], ["I read “Fire EXIT 42”"]),
        (Condition("text", text="exit"), [(3, EMPTY), (3, scene(0, text="EXITED"))], ["I read “EXITED”"]),
        (Condition("text", text="go"), [(3, EMPTY), (3, scene(0, text="GOAL"))], []),
        (Condition("text gone", text="exit"), [(3, scene(0, text="EXIT")), (3, EMPTY)], ["the text “exit” is gone"]),
        (Condition("place", ("person",), "person", place="right"), [(3, PERSON), (3, scene(0, "person right"))],
         ["a person is on the right now"]),
        (Condition("appears", ("car",), "car", "red"), [(2, EMPTY), (2, scene(0, "blue car"))], []),
        (Condition("appears", ("car",), "car", "red"), [(2, EMPTY), (2, scene(0, "red car"))], ["a red car appeared"]),
        (Condition("anything"), [(3, EMPTY), (3, CUP)], ["something has changed"]),
    ],
)  # fmt: skip
def test_it_comes_true(
    condition: Condition, stretches: Sequence[tuple[float, SceneBlock]], expected: list[str]
) -> None:
    assert [said for _, said in seen(condition, *stretches)] == expected


def test_it_comes_true_within_two_looks() -> None:
    assert [at for at, _ in seen(SOMEONE, (3, EMPTY), (3, PERSON))] == [3 + LOOK_S]


def test_a_single_look_is_not_believed() -> None:
    assert seen(SOMEONE, (3, EMPTY), (LOOK_S, PERSON), (3, EMPTY), (LOOK_S, PERSON), (3, EMPTY)) == []


def test_a_thing_that_was_lost_for_a_moment_did_not_come() -> None:
    assert seen(SOMEONE, (3, PERSON), (0.75, EMPTY), (3, PERSON)) == []


def test_it_cools_down() -> None:
    assert len(seen(SOMEONE, (3, EMPTY), (1, PERSON), (1.5, EMPTY), (1, PERSON), (9, EMPTY), (3, PERSON))) == 2


@pytest.mark.parametrize("nothing_seen", [DARK, OFF])
def test_a_covered_lens_and_a_camera_that_is_off_are_no_departure(nothing_seen: SceneBlock) -> None:
    gone = Condition("leaves", ("cup",), "cup")
    assert seen(gone, (3, CUP), (5, nothing_seen), (1, EMPTY), (5, CUP)) == [], "it is detected again a second later"
    assert len(seen(gone, (3, CUP), (5, nothing_seen), (6, EMPTY))) == 1


def test_a_rule_made_without_a_picture_takes_the_first_view_as_it_is() -> None:
    assert seen(SOMEONE, (3, OFF), (5, PERSON)) == []


@dataclass(frozen=True)
class WatchedMovement:
    kind: str
    label: str
    at: float = 5.0
    colour: str = ""
    place: Place = "right"


def test_something_comes_closer() -> None:
    rule = WatchRule(1, Condition("approaches", ("car",), "car"))
    watcher = Watcher(rule, EMPTY)
    assert watcher.happened(WatchedMovement("moved left", "car")) is None
    assert watcher.happened(WatchedMovement("approached", "person")) is None
    came = watcher.happened(WatchedMovement("approached", "car"))
    assert came == CameTrue(rule, 5.0, "right") and came.said == "a car came close on the right"
    assert watcher.happened(WatchedMovement("approached", "car", at=6.0)) is None, "it cools down"


def test_what_is_true_already() -> None:
    assert is_true(SOMEONE, PERSON) and not is_true(SOMEONE, EMPTY)
    assert is_true(Condition("dark"), DARK) and not is_true(Condition("dark"), OFF)
    assert is_true(Condition("leaves", ("cup",), "cup"), EMPTY)
    assert not is_true(Condition("leaves", ("cup",), "cup"), DARK), "nothing is seen"
