"""Recognises a question or request that is whole as it stands, because a rule could answer it. Pure.

For the end of a turn: after "What time is it" a speaker may go on, and hardly ever does.
"""

from __future__ import annotations

import re

from dialogue.rules.read_aloud import is_to_be_read_aloud, is_to_go_on_reading
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.small_talk_patterns import matched
from dialogue.text import arithmetic
from dialogue.text.plain_words import core, sentences

_LONGEST = 300  # characters: longer texts are no such question
# Words after which a speaker goes on, although a rule would answer: "how many people are", but "what time it is".
_DANGLING = re.compile(
    r"\b(?:an?|the|my|your|and|or|but|of|for|to|in|on|at|with|from|by|about|than|as|if|what|how|which|who|very|um|uh|er"
    r"|do|does|did|can|could|will|would|(?<!\bit )(?<!\bthat )(?<!\bthis )(?<!\bthey )(?<!\byou )(?:is|are|was|were))$"
)


def is_whole_question(text: str) -> bool:
    """Whether the last sentence of `text` is one that a rule answers, whatever is in view."""
    if len(text) > _LONGEST or not (said := sentences(text)):
        return False
    words = said[-1]
    if _DANGLING.search(words):
        return False
    if is_to_be_read_aloud(words) or is_to_go_on_reading(words):
        return True
    asked = scene_question(words) or matched(words)
    return asked is not None or arithmetic.result(core(words)) is not None
