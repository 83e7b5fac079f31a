"""What the eyes found is worded anew for what matters, and not for trifles."""

from __future__ import annotations

from dataclasses import replace

from dialogue.blocks import Fact, SceneBlock
from dialogue.prompts.scene_text import SceneText

CUP = Fact("object", "cup", place="left", colour="red", at=1)


def test_a_trifle_changes_no_word() -> None:
    told = SceneText()
    first = told.words(SceneBlock((CUP,), "", 1))
    assert first.startswith("[") and "a red cup on the left" in first
    assert told.words(SceneBlock((replace(CUP, colour="orange", at=2),), "", 2, changes=((1, "It came."),))) == first


def test_what_came_went_or_moved_is_told() -> None:
    told = SceneText()
    scenes = [(CUP,), (replace(CUP, place="right"),), (CUP, Fact("text", "", text="EXIT")), ()]
    said = [told.words(SceneBlock(facts, "", float(at))) for at, facts in enumerate(scenes)]
    assert len(set(said)) == 4
    assert "EXIT" in said[2] and "nothing recognised" in said[3]


def test_a_camera_that_is_off_shows_nothing() -> None:
    told = SceneText()
    told.words(SceneBlock((CUP,), "", 1))
    assert told.words(SceneBlock((), "", 2, camera=False)) == ""
