"""Describes where things are by the face of a clock, with a rough distance, where that is asked for. By rule.

Twelve o'clock is straight ahead. An hour is 30 degrees, about half of what a camera sees to one side: a third of the
picture's width each is eleven, twelve and one o'clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dialogue.blocks import Distance, Fact, Place, SceneBlock
from dialogue.text.grammar import be, sentence, with_article
from dialogue.text.labels import find_things
from dialogue.text.plain_words import sentences
from dialogue.text.scene_phrases import quoted, thing
from dialogue.watching.watcher import is_dark, texts

_LONGEST_TEXT, _LONGEST_WORDS, _MOST_THINGS = 300, 25, 8
_PLEASE = "(?:(?:can|could|would|will) you |please |just |now |ok |okay |and )*"
_CLOCK = (
    r"(?:(?:with|in|by|using|as|on|at|and)(?: the| a)? (?:clock(?: ?face)?(?: (?:directions?|positions?|times?))?"
    r"|hours? of (?:the|a) clock)(?: and (?:the )?(?:rough )?distances?)?)"
)
_ALL = re.compile(
    rf"{_PLEASE}(?:describe|tell me|say|give me|where (?:is|are))\b(?: .+)? {_CLOCK}"
    rf"|{_PLEASE}(?:at )?what (?:oclock|time on the clock) (?:is|are) .+|(?:in|at) which clock (?:direction"
    rf"|position) (?:is|are) .+"
)
_FACE = re.compile(rf" {_CLOCK}|clock (?:direction|position)|on the clock")
_HOURS: Mapping[Place, str] = {"left": "eleven", "centre": "twelve", "right": "one", "": "twelve"}
_ORDER: Sequence[Place] = ("left", "centre", "right", "")
_DISTANCES: Mapping[Distance, str] = {"near": "close to you", "": "a few steps away", "far": "far away"}


def directions(text: str, scene: SceneBlock) -> str | None:
    """What is asked for by the clock; None where nothing is."""
    for words in reversed(sentences(text[-_LONGEST_TEXT:])[-3:]):
        if len(words.split()) <= _LONGEST_WORDS and _ALL.fullmatch(words):
            return _answer(words, scene)
    return None


def _answer(words: str, scene: SceneBlock) -> str:
    if not scene.camera:
        return "I see nothing at the moment: there is no picture of the camera."
    if is_dark(scene):
        return "It is too dark to make anything out."
    asked = [found for found in find_things(_FACE.sub("", words)) if found.labels]
    wanted = {label for found in asked for label in found.labels}
    facts = [fact for fact in scene.facts if fact.kind == "object" and (not wanted or fact.label in wanted)]
    if asked and not facts:
        return sentence(f"I don't see {with_article(asked[0].said)} right now")
    parts = [_placed(fact) for fact in sorted(facts, key=lambda fact: _ORDER.index(fact.place))[:_MOST_THINGS]]
    if not asked:
        parts += [f"{quoted(fact.text)} is written at {_HOURS[fact.place]} o'clock" for fact in texts(scene)[:2]]
    return sentence("; ".join(parts)) if parts else "I don't see anything I recognise."


def _placed(fact: Fact) -> str:
    distance = _DISTANCES[fact.distance]
    return f"{thing([fact], places=False)} {be(fact.count)} at {_HOURS[fact.place]} o'clock, {distance}"
