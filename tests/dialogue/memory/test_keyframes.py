"""Which scenes become entries: what lasts, at a distance in time, and the newest state when the user speaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from dialogue.blocks import Fact, SceneBlock
from dialogue.memory.keyframes import EVERY_S, Keyframe, Keyframes

CUP = Fact("object", "cup", place="left", colour="red")
DOG = Fact("object", "dog", place="right")


def seen(*scenes: tuple[float, tuple[Fact, ...]], asked: float | None = None) -> list[Keyframe]:
    """The entries for scenes at these times; at the time `asked` the user speaks."""
    keyframes = Keyframes()
    return [
        keyframe for at, facts in scenes for keyframe in keyframes.see(SceneBlock(facts, "", at), asked=asked == at)
    ]


def labels(entries: list[Keyframe]) -> list[tuple[float, set[str]]]:
    return [(each.at, {fact.text or fact.label for fact in each.facts}) for each in entries]


def test_what_lasts_is_written_once_with_the_time_it_came() -> None:
    scenes = [(at / 2, (CUP,)) for at in range(20)]
    assert labels(seen(*scenes)) == [(0.0, {"cup"})]


def test_a_detection_that_flickers_writes_nothing() -> None:
    scenes = [(at / 2, (CUP, DOG) if at % 2 and at > 4 else (CUP,)) for at in range(200)]
    assert labels(seen(*scenes)) == [(0.0, {"cup"})]


def test_colours_and_times_that_vary_write_nothing() -> None:
    scenes = [(at / 2, (replace(CUP, colour="red" if at % 4 < 2 else "orange", at=at / 2),)) for at in range(40)]
    assert len(seen(*scenes)) == 1


def test_changes_are_written_at_a_distance_in_time() -> None:
    scenes = [(at / 2, (replace(CUP, count=1 + at // 3),)) for at in range(240)]
    times = [entry.at for entry in seen(*scenes)]
    assert len(times) > 10
    assert all(later - earlier >= EVERY_S["camera"] / 2 for earlier, later in pairwise(times))
    assert len(times) <= 120 / EVERY_S["camera"] + 1


def test_the_newest_state_is_written_when_the_user_speaks() -> None:
    assert labels(seen((0.0, (CUP,)), (1.0, (CUP,)), (1.2, (DOG,)), asked=1.2)) == [(0.0, {"cup"}), (1.2, {"dog"})]


def test_a_text_read_a_little_differently_is_the_same_text() -> None:
    def read(at: float, text: str) -> tuple[float, tuple[Fact, ...]]:
        return at, (Fact("text", "", text=text, at=at),)

    receipt = "CORNER SHOP 2 bread 3.10 milk 1.20 total 4.30 thank you for your visit"
    varied = [read(at / 2, receipt.replace("bread", "bread") if at % 3 else receipt) for at in range(40)]
    entries = [entry for entry in seen(*varied, read(30.0, "EXIT"), read(31.5, "EXIT")) if entry.kind == "text"]
    assert [entry.at for entry in entries] == [0.0, 30.0]


def test_a_text_that_was_only_remembered_is_gone() -> None:
    facts = (Fact("text", "", text="EXIT", at=1.0),)
    entries = [entry for entry in seen(*((at / 2, facts) for at in range(60))) if entry.kind == "text"]
    assert [(entry.at, len(entry.facts)) for entry in entries] == [(0.0, 1), (11.5, 0)]


def test_a_camera_that_is_switched_off_is_written_at_once_and_its_text_again_afterwards() -> None:
    keyframes = Keyframes()
    sign = (Fact("text", "", text="EXIT", at=20.0),)
    scenes = [SceneBlock((), "", 0.0, camera=False)]
    scenes += [SceneBlock(sign, "", at) for at in (1.0, 2.0)]
    scenes += [SceneBlock((), "", 3.0, camera=False), SceneBlock((), "", 4.0, camera=False)]
    scenes += [SceneBlock(sign, "", at) for at in (9.0, 10.0)]
    entries = [keyframe for scene in scenes for keyframe in keyframes.see(scene)]
    assert [(each.at, each.kind, each.camera) for each in entries] == [
        (1.0, "camera", True), (1.0, "text", True), (3.0, "camera", False), (9.0, "camera", True), (9.0, "text", True),
    ]  # fmt: skip


def test_a_text_with_another_figure_is_written_when_the_user_speaks() -> None:
    def read(at: float, platform: int) -> tuple[float, tuple[Fact, ...]]:
        return at, (Fact("text", "", text=f"Oslo 09:25 Platform {platform}", at=at),)

    changed = [read(0.0, 1), read(2.0, 1), read(9.0, 3), read(12.0, 3)]
    assert [each.kind for each in seen(*changed)].count("text") == 1
    asked = [each for each in seen(*changed, asked=12.0) if each.kind == "text"]
    assert asked[-1].facts[0].text == "Oslo 09:25 Platform 3"


def test_an_entry_says_what_came_and_went_since_the_one_before() -> None:
    cups = (replace(CUP, count=2), DOG)
    first, second, third = seen((0.0, cups), (1.0, cups), (9.0, (CUP,)), (10.0, (CUP,)), (19.0, cups), (20.0, cups))
    assert (first.gone, first.new) == ((), ())
    assert [(fact.label, fact.count) for fact in second.gone] == [("cup", 1), ("dog", 1)]
    assert not second.new
    assert [(fact.label, fact.count) for fact in third.new] == [("cup", 1), ("dog", 1)]
