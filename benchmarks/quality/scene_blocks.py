"""Makes the scenes of the question files into the blocks that an engine is fed.

Rows of text are drawn and go through the vision models, as a picture that a user attaches does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.quality.drawing import sheet
from benchmarks.quality.question_sets import AskedScene, SceneView
from dialogue.blocks import Fact, SceneBlock
from dialogue.text.scene_description import scene_description
from stream.models.components import component
from stream.models.weights import WeightStore
from stream.perception.seen_scene import scene_block
from vision.picture import Picture
from vision.reading.read_text import Reader
from vision.seeing.look import SceneUpdate, VisionModels

VIEWS_APART_S = 40.0  # of a call; long enough for a thing that left to count as gone
CHANGED_S = 5.0  # before the question
LASTS_S = 3.0  # for a scene to count as stable
PICTURES_APART_S = 12.0


def open_vision(store: WeightStore) -> VisionModels:
    """The embedded detector and OCR."""
    detector = component("detectors", "nanodet-g")
    return VisionModels(detector.open({name: store.path(name) for name in detector.weights}), Reader())


def blocks_of(scene: AskedScene, vision: VisionModels) -> list[SceneBlock]:
    """One block for each view, or two in a call; the newest last."""
    look, apart = SceneUpdate(), VIEWS_APART_S if scene.in_call else PICTURES_APART_S
    blocks: list[SceneBlock] = []
    for number, view in enumerate(scene.views, 1):
        at = number * apart
        blocks.append(_drawn(view, vision, look, at) if view.rows else _given(view, at))
        if scene.in_call:  # the camera goes on showing it
            blocks.append(_seen_again(blocks[-1], at + LASTS_S))
    return blocks


def _given(view: SceneView, at: float) -> SceneBlock:
    facts = tuple(_placed(view.facts, at))
    changes = tuple((at - CHANGED_S, words) for words in view.changes)
    return SceneBlock(facts, scene_description(facts), at, changes=changes)


def _seen_again(block: SceneBlock, at: float) -> SceneBlock:
    return replace(block, facts=tuple(replace(fact, at=at) for fact in block.facts), at=at)


def _placed(facts: Sequence[Fact], at: float) -> list[Fact]:
    return [replace(fact, since=at - CHANGED_S, at=at) for fact in facts]


def _drawn(view: SceneView, vision: VisionModels, look: SceneUpdate, at: float) -> SceneBlock:
    vision.study(Picture(sheet(view.rows, view.size), at, "file"), look)
    block = scene_block(look, at)
    return replace(block, facts=tuple(fact for fact in block.facts if fact.at >= at))
