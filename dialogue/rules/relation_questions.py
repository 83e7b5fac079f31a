"""Questions about how two things stand to each other: "is the cup on the table", "what is next to the laptop"."""

from __future__ import annotations

import re

from dialogue.blocks import RelationKind
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.text.labels import mask_things

_KINDS: dict[str, RelationKind] = {
    "on": "on",
    "on top of": "on",
    "under": "under",
    "below": "under",
    "beneath": "under",
    "underneath": "under",
    "in front of": "in front of",
    "next to": "next to",
    "beside": "next to",
    "near": "next to",
    "by": "next to",
    "left of": "left of",
    "right of": "right of",
}
_WORDS = "|".join(sorted(_KINDS, key=len, reverse=True))
_RELATION = rf"(?:to the |on the )?(?P<relation>{_WORDS})"
_THE = "(?:the|my|your|our|this|that|a|an)"
_HERE = r"(?: (?:there|here|now|right now))?"
_YES_OR_NO = re.compile(
    rf"(?:is|are)(?: there)? (?:{_THE} |any )?(?:\w+ )?THING (?:standing |lying |sitting )?{_RELATION} {_THE}"
    rf" (?:\w+ )?THING{_HERE}"
)
_WHAT = re.compile(
    rf"what (?:else )?(?:is|are|do you see|can you see)(?: standing| lying)? {_RELATION} {_THE} (?:\w+ )?THING{_HERE}"
)


def relation_question(words: str) -> SceneQuestion | None:
    """The question in plain words, or None. The thing that the other one stands to comes last."""
    masked, things = mask_things(words)
    found = _YES_OR_NO.fullmatch(masked) or _WHAT.fullmatch(masked)
    if found is None or not all(thing.labels for thing in things):
        return None
    return SceneQuestion("related", tuple(things), relation=_KINDS[found["relation"]])
