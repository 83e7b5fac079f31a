"""The scene in words for a model that cannot see, worded anew only when something came, went or moved.

A trifle (a shade, how long something is there) would void what was computed while the user spoke.
"""

from __future__ import annotations

from dialogue.blocks import SceneBlock
from dialogue.prompts.prompt import quoted_scene


class SceneText:
    """One per session."""

    def __init__(self) -> None:
        self._facts: frozenset[object] | None = None
        self._words = ""

    def words(self, scene: SceneBlock) -> str:
        """The scene as quoted data in square brackets; nothing while the camera is off."""
        if not scene.camera:
            return ""
        facts = frozenset((fact.kind, fact.label, fact.count, fact.place, fact.text) for fact in scene.facts)
        if facts != self._facts:
            self._facts, self._words = facts, f"[{quoted_scene(scene)}]"
        return self._words
