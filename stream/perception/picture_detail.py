"""Decides at which resolution a model that sees gets a picture: HD costs up to ten times the tokens of one slice.

Also decides which questions wait for a new look at the scene, and which of them for its texts only.
"""

from __future__ import annotations

from dialogue.languages.detect import language_of
from dialogue.languages.floor_words import wants_it_read_aloud
from dialogue.languages.language import ENGLISH, language
from dialogue.languages.questions import asked
from dialogue.requests.whole_question import is_whole_question
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.scene_reference import refers_to_scene
from stream.runtime.given import Detail

# Kinds of questions in other languages than English that are about the picture.
_OF_PICTURE = {"camera", "holding", "count", "colour", "where", "exists", "read", "describe"}


class PictureDetail:
    """The choice of one session; the user may change `level` at any time."""

    def __init__(self, level: Detail) -> None:
        self.level = level

    def coarse(self, words: str, code: str) -> bool:
        """Whether one slice is enough for the picture that goes with these words: they are not about it."""
        if self.level != "asked":
            return self.level == "never"
        return not is_about_picture(words, code)

    def fine(self, typed: str) -> bool:
        """Whether the picture of a second is worth full detail: always, or where a question about it was typed then."""
        return self.level == "always" or (bool(typed) and not self.coarse(typed, language_of(typed, ENGLISH)))


def is_about_picture(words: str, code: str) -> bool:
    """Whether the words, in the language `code`, ask about the picture."""
    if code == ENGLISH:
        return concerns_scene(words)
    question = asked(words, language(code))
    return wants_it_read_aloud(words, code) or (question is not None and question.kind in _OF_PICTURE)


def concerns_scene(words: str, code: str = ENGLISH) -> bool:
    """Whether the words ask about the scene or point at it; any in a language other than English may."""
    if code != ENGLISH or scene_question(words) is not None or wants_it_read_aloud(words, code):
        return True
    # "What time is it?" points at nothing.
    return refers_to_scene(words, ()) and not is_whole_question(words)


def concerns_text(words: str, code: str = ENGLISH) -> bool:
    """Whether the words ask for nothing of the scene but what is written there."""
    if wants_it_read_aloud(words, code):
        return True
    question = scene_question(words) if code == ENGLISH else asked(words, language(code))
    return question is not None and question.kind == "read"
