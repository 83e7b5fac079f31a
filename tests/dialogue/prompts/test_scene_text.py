"""The scene is worded again for changes that matter only."""

from __future__ import annotations

from dataclasses import replace

from dialogue.blocks import Fact, SceneBlock
from dialogue.prompts.scene_text import SceneText

CUP = Fact("object", "cup", place="left", colour="red", at=1)


def test_small_changes_keep_the_wording() -> None:
    text = SceneText()
    first = text.words(SceneBlock((CUP,), "", 1))
    assert first.startswith("[") and "a red cup on the left" in first
    assert text.words(SceneBlock((replace(CUP, colour="orange", at=2),), "", 2, changes=((1, "It came."),))) == first


def test_things_that_come_go_or_move_change_the_wording() -> None:
    text = SceneText()
    scenes = [(CUP,), (replace(CUP, place="right"),), (CUP, Fact("text", "", text="EXIT")), ()]
    said = [text.words(SceneBlock(facts, "", float(at))) for at, facts in enumerate(scenes)]
    assert len(set(said)) == 4
    assert "EXIT" in said[2] and "nothing recognised" in said[3]


def test_a_camera_that_is_off_shows_nothing() -> None:
    text = SceneText()
    text.words(SceneBlock((CUP,), "", 1))
    assert text.words(SceneBlock((), "", 2, camera=False)) == ""
