"""Answers questions that compare the pictures of one message, by rule from the scene of each. Pure.

For engines that cannot see: they know one scene at a time. What changed between the pictures is in the scene's own
changes; here are the questions that name a picture, ask which of them shows something, or ask for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dialogue.blocks import SceneBlock
from dialogue.text.grammar import ORDINALS, exactly, listed, sentence
from dialogue.text.labels import Thing, find_things, mask_things
from dialogue.text.plain_words import plain

_PICTURE = r"(?:pictures?|photos?|images?|shots?|pics?)"
_NAMED = re.compile(
    rf"\b(?:(?P<ordinal>{'|'.join(ORDINALS)}|last)(?: {_PICTURE}| one)\b|{_PICTURE} (?P<number>\d+)\b)",
    re.IGNORECASE,
)
# What compares the named picture with another one is not about it alone.
_COMPARED = re.compile(r"\b(?:more|less|fewer|than|others?|both|either|also|too)\b", re.IGNORECASE)
_WHICH = re.compile(
    rf"\b(?:which|what) (?:of (?:these|those|them|the {_PICTURE})\b|one\b|{_PICTURE}\b)"
    rf"|\bwhere (?:is|are) there\b|\b(?:in|on) which\b",
    re.IGNORECASE,
)
_MORE, _FEWER = re.compile(r"\b(?:more|most)\b", re.IGNORECASE), re.compile(r"\b(?:fewer|fewest|less)\b", re.IGNORECASE)
# All that a question "which of these shows a dog" may hold besides the thing.
_SHOWS = re.compile(
    rf"(?:which|what|where|of|these|those|them|the|one|{_PICTURE}|shows?|has|have|had|is|are|was|were|there|with|can|do|you"
    r"|i|see|find|in|on|at|an?|any|some|more|most|fewer|fewest|less|contains?|included?s?|it|THING| )+",
    re.IGNORECASE,
)
_EACH = re.compile(r"\b(?:each|every|both|all)\b", re.IGNORECASE)
# "Is there a cat in both of them?", "do both show a cat?"
_IN_ALL = re.compile(
    r"^(?:(?:and|so|but),? )?(?:is|are|do|does|has|have)\b.*\b(?:both|either|any of them|all of them|each)\b", re.I
)
_BOTH = re.compile(r"\b(?:both|either|any|all|each)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow many\b", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:says?|reads?) [\"“'‘]?(?P<words>[^\"”'’?.!]+)", re.IGNORECASE)


def named_picture(question: str, count: int) -> tuple[int, str] | None:
    """The index of the one picture that `question` is about, and the question about "the picture" alone.

    "How many people are in the second picture?" -> (1, "How many people are in the picture?"). None where no picture
    is named, more than one is, it is compared with another, or there are not that many.
    """
    named = list(_NAMED.finditer(question))
    if len(named) != 1 or _COMPARED.search(question):
        return None
    ordinal, number = named[0]["ordinal"], named[0]["number"]
    word = (ordinal or number).lower()
    index = count - 1 if word == "last" else int(word) - 1 if word.isdigit() else ORDINALS.index(word)
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
    if thing is not None and labels and _IN_ALL.search(question):
        return _in_all(question, thing, scenes)
    if not _WHICH.search(question):
        return None
    if thing is not None and labels:
        asked = mask_things(plain(question))[0]
        if not thing.exact or not _SHOWS.fullmatch(asked):
            return None
        found = [_count(scene, labels) for scene in scenes]
        if _MORE.search(asked) or _FEWER.search(asked):
            return _most(found, thing.said, fewest=bool(_FEWER.search(asked)))
        return _which([index for index, count in enumerate(found) if count], len(scenes))
    words = _SAYS.search(question)
    if words is None:
        return None
    wanted = _normalised(words["words"])
    return _which([index for index, scene in enumerate(scenes) if wanted and wanted in _text(scene)], len(scenes))


def shown_again(scene: SceneBlock, at: float) -> SceneBlock:
    """The scene of an earlier picture as the newest one, at `at`."""
    facts = tuple(replace(fact, since=at, at=at) for fact in scene.facts)
    return replace(scene, facts=facts, at=at, changes=())


def _in_all(question: str, thing: Thing, scenes: Sequence[SceneBlock]) -> str | None:
    """Whether all pictures show a thing, or any of them."""
    if not thing.exact or not _SHOWS.fullmatch(_BOTH.sub(" ", mask_things(plain(question))[0])):
        return None
    found = [index for index, scene in enumerate(scenes) if _count(scene, set(thing.labels))]
    if not found:
        return "No, in none of them, as far as I can see."
    if len(found) == len(scenes):
        return f"Yes, in {'both' if len(scenes) == 2 else 'all'} of them."
    either = not re.search(r"\b(?:both|all|each)\b", question, re.IGNORECASE)
    return f"{'Yes,' if either else 'No, only'} in {_named_pictures(found)}."


def _most(counts: Sequence[int], noun: str, *, fewest: bool) -> str:
    """The picture with most of a thing, and how many each shows."""
    each = listed([f"{exactly(count, noun)} in picture {number}" for number, count in enumerate(counts, 1)])
    extreme = (min if fewest else max)(counts)
    if counts.count(extreme) > 1:
        return sentence(f"there are as many: {each}")
    return sentence(f"the {ORDINALS[counts.index(extreme)]} picture: {each}")


def _which(indices: Sequence[int], count: int) -> str:
    if not indices:
        return "None of them, as far as I can see."
    if len(indices) == count:
        return "Both of them." if count == 2 else "All of them."
    return sentence(_named_pictures(indices))


def _named_pictures(indices: Sequence[int]) -> str:
    named = listed([f"the {ORDINALS[index] if index < len(ORDINALS) else f'{index + 1}th'}" for index in indices])
    return f"{named} picture" + ("s" if len(indices) > 1 else "")


def _count(scene: SceneBlock, labels: set[str]) -> int:
    return sum(fact.count for fact in scene.facts if fact.kind == "object" and fact.label in labels)


def _text(scene: SceneBlock) -> str:
    return " ".join(_normalised(fact.text) for fact in scene.facts if fact.kind == "text")


def _normalised(text: str) -> str:
    """Letters and digits only, in lower case."""
    return "".join(character for character in text.casefold() if character.isalnum())
