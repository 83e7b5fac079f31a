"""Recognises questions, in any wording, about one thing in the scene: if it is not in view, that is the answer.

What is in view a model may describe; what is not, it tends to affirm. Pure rules over words. None when in doubt.
"""

from __future__ import annotations

import re

from dialogue.rules.question_kinds import SceneQuestion
from dialogue.text.labels import find_things
from dialogue.text.plain_words import core, sentences

_LONGEST_QUESTION = 25
_ASKS = re.compile(
    r"(?:is|are|do|does|did|can|could|has|have|any|where|whereabouts|how many|how much|what|which|who(?:se)?|count)\b"
)
_THE = "(?:the|my|your|our|this|that|these|those)"
# Where the scene is, as a question may say it: not the thing that is asked about.
_PLACES = re.compile(
    rf"\b(?:(?:right |over |up |down )?here|in (?:the |this |my )?(?:picture|image|photo|view|frame|scene|room|video)"
    rf"|(?:in front of|behind|around|beside|next to|with) (?:me|us|you|{_THE} camera)"
    rf"|(?:on|at|in|under|near|by|next to|behind) {_THE} (?:\w+ )?(?:desk|table|floor|wall|sofa|couch|shelf|chair|bed)"
    r"|(?:can|do|could|did) you (?:\w+ )?(?:see|spot|notice|make out|find|detect|recognize)"
    r"|(?:lying|standing|sitting) around|in sight|visible)\b"
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
    if len(words.split()) > _LONGEST_QUESTION or not _ASKS.match(words) or not _PLACES.search(words):
        return None
    rest = _PLACES.sub(" ", words)
    things = find_things(rest)
    if _OTHER.search(rest) or len(things) != 1 or not things[0].labels or not things[0].exact:
        return None
    return SceneQuestion("exists", (things[0],))
