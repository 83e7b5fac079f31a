"""The scene of a session's pictures as the block that an engine is fed."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import Fact, SceneBlock
from dialogue.text.change_sentences import change_sentence
from dialogue.text.scene_description import scene_description
from vision.scene_fact import SceneFact
from vision.seeing.look import SceneUpdate


def scene_block(look: SceneUpdate, at: float, camera: bool = True) -> SceneBlock:
    """The scene of all pictures seen so far, as the block that an engine is fed; `at` is the time of the newest one."""
    scene = look.scene
    changes = tuple((change.at, change_sentence(change)) for change in scene.events())
    description = scene_description(_facts(scene.present())) if camera else "The camera is off."
    relations = tuple((each.label, each.kind, each.other) for each in scene.relations())
    return SceneBlock(_facts(scene.facts()), description, at, camera, changes, relations=relations, unread=look.unread)


def _facts(facts: Sequence[SceneFact]) -> tuple[Fact, ...]:
    return tuple(
        Fact(f.kind, f.label, f.count, f.place, f.distance, f.colour, f.text, f.since, f.at, f.name) for f in facts
    )
