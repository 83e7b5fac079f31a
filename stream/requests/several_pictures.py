"""Answers questions that compare the pictures of one message, by rule from the scene of each. Pure.

For engines that cannot see: they know one scene at a time. What changed between the pictures is in the scene's own
changes; here are the questions that name a picture, ask which of them shows something, or ask for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dialogue.blocks import SceneBlock
from dialogue.text.grammar import exactly, listed, sentence
from dialogue.text.labels import find_things
from dialogue.text.plain_words import plain

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PICTURE = r"(?:pictures?|photos?|images?|shots?|pics?)"
_NAMED = re.compile(
    rf"\b(?:(?P<ordinal>{'|'.join(_ORDINALS)}|last)(?: {_PICTURE}| one)\b|{_PICTURE} (?P<number>\d+)\b)",
    re.IGNORECASE,
)
_WHICH = re.compile(rf"\b(?:which|what) (?:of (?:these|those|them|the)\b|one\b|{_PICTURE}\b)", re.IGNORECASE)
_EACH = re.compile(r"\b(?:each|every|both|all)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow many\b", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:says?|reads?) [\"“'‘]?(?P<words>[^\"”'’?.!]+)", re.IGNORECASE)


def named_picture(question: str, count: int) -> tuple[int, str] | None:
    """The index of the one picture that `question` is about, and the question about "the picture" alone.

    "How many people are in the second picture?" -> (1, "How many people are in the picture?"). None where no picture
    is named, more than one is, or there are not that many.
    """
    named = list(_NAMED.finditer(question))
    if len(named) != 1:
        return None
    ordinal, number = named[0]["ordinal"], named[0]["number"]
    word = (ordinal or number).lower()
    index = count - 1 if word == "last" else int(word) - 1 if word.isdigit() else _ORDINALS.index(word)
    if not 0 <= index < count:
        return None
    rest = question[named[0].end() :]
    before = question[: named[0].start()] if ordinal else question[: named[0].start()] + "the "
    return index, f"{before}picture{rest}"


def answer_about_pictures(question: str, scenes: Sequence[SceneBlock]) -> str | None:
    """Answers "which of these shows a dog?" and "how many people are in each picture?"; None for other questions."""
    if len(scenes) < 2:
        return None
    thing = next((thing for thing in find_things(plain(question)) if thing.labels), None)
    labels = set(thing.labels) if thing is not None else set()
    if thing is not None and _HOW_MANY.search(question) and _EACH.search(question):
        counts = [exactly(_count(scene, labels), thing.said) for scene in scenes]
        return sentence(listed([f"{count} in picture {number}" for number, count in enumerate(counts, 1)]))
    if not _WHICH.search(question):
        return None
    if labels:
        return _which([index for index, scene in enumerate(scenes) if _count(scene, labels)], len(scenes))
    words = _SAYS.search(question)
    if words is None:
        return None
    wanted = _normalised(words["words"])
    return _which([index for index, scene in enumerate(scenes) if wanted and wanted in _text(scene)], len(scenes))


def pictures_in_words(scenes: Sequence[SceneBlock]) -> str:
    """A line for each picture, for a model that reads."""
    return "\n".join(f"Picture {number}: {scene.description}" for number, scene in enumerate(scenes, 1))


def shown_again(scene: SceneBlock, at: float) -> SceneBlock:
    """The scene of an earlier picture as the newest one, at `at`."""
    facts = tuple(replace(fact, since=at, at=at) for fact in scene.facts)
    return replace(scene, facts=facts, at=at, changes=())


def _which(indices: Sequence[int], count: int) -> str:
    if not indices:
        return "None of them, as far as I can see."
    if len(indices) == count:
        return "Both of them." if count == 2 else "All of them."
    named = listed([f"the {_ORDINALS[index] if index < len(_ORDINALS) else f'{index + 1}th'}" for index in indices])
    return sentence(f"{named} picture" + ("s" if len(indices) > 1 else ""))


def _count(scene: SceneBlock, labels: set[str]) -> int:
    return sum(fact.count for fact in scene.facts if fact.kind == "object" and fact.label in labels)


def _text(scene: SceneBlock) -> str:
    return " ".join(_normalised(fact.text) for fact in scene.facts if fact.kind == "text")


def _normalised(text: str) -> str:
    """Letters and digits only, in lower case."""
    return "".join(character for character in text.casefold() if character.isalnum())
