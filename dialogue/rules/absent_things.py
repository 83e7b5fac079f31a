"""Recognises questions, in any wording, about one thing in the scene: if it is not in view, that is the answer.

What is in view a model may describe; what is not, it tends to affirm. Pure rules over words. None when in doubt.
"""

from __future__ import annotations

import re

from dialogue.rules.question_kinds import SceneQuestion
from dialogue.rules.scene_reference import PLACES
from dialogue.text.labels import find_things
from dialogue.text.plain_words import core, sentences

_LONGEST_QUESTION = 25
_ASKS = re.compile(
    r"(?:is|are|do|does|did|can|could|has|have|any|where|whereabouts|how many|how much|what|which|who(?:se)?|count)\b"
)
# Words that make it a question about something else: other pictures, a condition, the past, the world.
_OTHER = re.compile(
    r"\b(?:if|why|when|would|should|because|than|like|either|neither|both|each|first|second|last|pictures|photos|images"
    r"|before|earlier|was|were|had|ever|usually|always|without|with a|for|or|and|on tv|movie|film|story|song|book of)\b"
)


def asked_thing(text: str) -> SceneQuestion | None:
    """The question "is it there" about the one thing that the user asks about with a reference to the scene."""
    asked = sentences(text)
    words = core(asked[-1]) if asked else ""
    if len(words.split()) > _LONGEST_QUESTION or not _ASKS.match(words) or not PLACES.search(words):
        return None
    rest = PLACES.sub(" ", words)  # the place is not the thing that is asked about
    things = find_things(rest)
    if _OTHER.search(rest) or len(things) != 1 or not things[0].labels or not things[0].exact:
        return None
    return SceneQuestion("exists", (things[0],))
