"""Words that refer to the scene, and words that do not."""

from __future__ import annotations

import pytest

from dialogue.rules.scene_reference import refers_to_scene


@pytest.mark.parametrize(
    ("text", "refers"),
    [
        ("What is the dog's name?", True),
        ("Is it expensive?", True),
        ("Hello. Who is that on the sofa?", True),
        ("What is written here?", True),
        ("Can you make out the date?", True),
        ("What is the capital of Norway?", False),
        ("How many legs does a spider have?", False),
        ("What do horses eat?", False),  # none is in view
        ("", False),
    ],
)
def test_a_reference_is_recognised(text: str, refers: bool) -> None:
    assert refers_to_scene(text, {"dog", "couch"}) is refers
