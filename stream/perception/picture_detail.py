"""Decides at which resolution a model that sees gets a picture: HD costs up to ten times the tokens of one slice.

Also decides which questions wait for a new look at the scene.
"""

from __future__ import annotations

from dialogue.languages.language import ENGLISH
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.scene_reference import refers_to_scene
from stream.runtime.given import Detail


class PictureDetail:
    """The choice of one session; the user may change `level` at any time."""

    def __init__(self, level: Detail) -> None:
        self.level = level

    def coarse(self, words: str) -> bool:
        """Whether one slice is enough for the picture that goes with these words: they are not about it."""
        if self.level != "asked":
            return self.level == "never"
        return not concerns_scene(words)

    def fine(self, typed: str) -> bool:
        """Whether the picture of a second is worth full detail: always, or where a question about it was typed then.

        What is said in it, an engine that hears knows before anybody else does.
        """
        return self.level == "always" or (bool(typed) and not self.coarse(typed))


def concerns_scene(words: str, code: str = ENGLISH) -> bool:
    """Whether the words ask about the scene or point at it; any in a language other than English may."""
    return code != ENGLISH or scene_question(words) is not None or refers_to_scene(words, ())
