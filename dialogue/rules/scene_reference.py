"""Whether the user's words refer to what is in front of them: where it is, what is seen there, "it", "my". Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from dialogue.text.labels import labels_in
from dialogue.text.plain_words import core, sentences

_THE = "(?:the|my|your|our|this|that|these|those)"
# Where the scene is, as a question may say it.
PLACES = re.compile(
    rf"\b(?:(?:right |over |up |down )?here|in (?:the |this |my )?(?:picture|image|photo|view|frame|scene|room|video)"
    rf"|(?:in front of|behind|around|beside|next to|with) (?:me|us|you|{_THE} camera)"
    rf"|(?:on|at|in|under|near|by|next to|behind) {_THE} (?:\w+ )?(?:desk|table|floor|wall|sofa|couch|shelf|chair|bed)"
    r"|(?:can|do|could|did) you (?:\w+ )?(?:see|spot|notice|make out|find|detect|recognize)"
    r"|(?:lying|standing|sitting) around|in sight|visible)\b"
)
_POINTS = re.compile(r"\b(?:it|its|this|that|these|those|them|they|their|there)\b")


def refers_to_scene(text: str, in_view: Collection[str]) -> bool:
    """Whether the last sentence names the place, points at something, or names a thing whose label is in view."""
    asked = sentences(text)
    words = core(asked[-1]) if asked else ""
    named = labels_in(words)
    return bool(PLACES.search(words) or _POINTS.search(words) or named & set(in_view))
