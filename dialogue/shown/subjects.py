"""Finds out which of the things that were shown the user's words are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialogue.rules.scene_questions import scene_question
from dialogue.shown.comparing import compares
from dialogue.shown.shown_thing import ShownKind, ShownThing
from dialogue.text.arithmetic import result
from dialogue.text.grammar import ORDINALS, number_of
from dialogue.text.plain_words import plain

_SHEET = "receipts?|tickets?|bills?|invoices?|slips?|letters?|screenshots?|scans?|forms?|menus?"
_NOUNS: dict[str, tuple[ShownKind, ...]] = {
    rf"(?:pictures?|photos?|images?|shots?|pics?|{_SHEET})": ("picture",),
    "(?:films?|movies?|videos?|clips?)": ("film",),
    r"(?:recordings?|audio|sound files?|voice (?:messages?|memos?|notes?))": ("recording", "film"),
    rf"(?:documents?|pdfs?|papers?|pages?|{_SHEET})": ("document",),
    "(?:files?|attachments?|uploads?)": ("picture", "film", "recording", "document"),
}
# A camera has pictures too: alone these words do not say that something else is meant.
_OF_CAMERA = re.compile(r"\b(?:pictures?|photos?|images?|shots?|videos?|pages?|papers?|menus?|forms?|letters?)\b", re.I)
_SENT = re.compile(
    r"\bi(?:'ve| have)? (?:just )?(?:sent|showed|shown|dropped|uploaded|gave|given|attached|shared)\b", re.I
)
_POINTS = re.compile(r"\b(?:this|that|these|those|it|its|they|them|their|both|each|all|ones?|two)\b", re.I)
_MANY = re.compile(
    r"\b(?:these|those|they|them|their|both|each|every|all|which|altogether|combined|compare|newer|older|newest|oldest"
    rf"|changed?|differen\w+|(?:{_SHEET.replace('?', '')}|pictures|photos|images|documents|films|videos|clips))\b",
    re.I,
)
_FIGURES = re.compile(
    r"\b(?:json|total|sum|date|add)\b"
    r"|\bhow much (?:is|are|was|were|do|did|does) (?:it|this|that|they|these|those|i|we|the)\b",
    re.I,
)
_SUM_OF = re.compile(r"\b(?:sum|total) of (?P<number>[\w-]+) (?:and|plus)\b", re.I)
_OF_FILMS = re.compile(r"\b(?:when|how long|at what time|summar\w+)\b", re.I)
_OF_DOCUMENTS = re.compile(r"\b(?:summar\w+|sum up|timeline|chronolog\w+|chapters|table of contents)\b", re.I)
_COUNT = re.compile(r"\b(?P<count>two|three|four|five|six|[2-9])\b", re.I)
_ORDINAL = re.compile(rf"\b(?P<ordinal>{'|'.join(ORDINALS)}|last|latest)\b (?:one|\w+)?", re.I)
_LAST_WORDS = 300  # characters of a message that are looked at


@dataclass(frozen=True, slots=True)
class Attention:
    """`fresh`: nothing was asked since the newest things came. `topic`: the last question was about shown things.
    `camera`: a camera shows something too."""

    fresh: bool
    topic: bool
    camera: bool


def subjects(question: str, things: Sequence[ShownThing], attention: Attention) -> list[ShownThing]:
    """The things that the words are about, in the order in which they came; empty where they are about none."""
    words = question[-_LAST_WORDS:]
    named = _named(words, things)
    of = _SUM_OF.search(words)
    if result(plain(words)) is not None or (of is not None and number_of(of["number"]) is not None):  # its own numbers
        return []
    if not things or not _is_about_shown(words, things, named, attention):
        return []
    if not named:
        batch = _newest(things)
        named = list(things) if len(batch) == 1 and _MANY.search(words) else batch
    ordinal = _ORDINAL.search(words)
    if ordinal is not None and not re.search(r"\bdated first|first (?:time|see|seen)\b", words, re.I):
        number = _place(ordinal["ordinal"].lower(), len(named))
        if number and compares(words):  # "what is new in the second one?": beside the one before it
            return named if len(named) == 2 else named[number - 1 : number + 1]
        return [named[number]] if number is not None else []
    if (count := _COUNT.search(words)) is not None and _POINTS.search(words):
        most = number_of(count["count"])
        assert most is not None, "the pattern has numbers alone"
        return named[-most:]
    return named if _MANY.search(words) else _newest(named)


def names_of(things: Sequence[ShownThing]) -> list[str]:
    """How they are called in an answer: "the first receipt" is not known to be one, so "the first one"."""
    if len(things) == 1:
        return [f"the {things[0].kind}"]
    return [f"the {ORDINALS[number]} one" if number < 10 else f"number {number + 1}" for number in range(len(things))]


def _is_about_shown(
    words: str, things: Sequence[ShownThing], named: Sequence[ShownThing], attention: Attention
) -> bool:
    if _SENT.search(words):
        return True
    if named and not (attention.camera and not attention.topic and not attention.fresh and _OF_CAMERA.search(words)):
        return True
    if (attention.fresh or not attention.camera) and scene_question(words) is not None:
        return True
    pointing = [_POINTS, _MANY, _ORDINAL, _FIGURES]
    if things[-1].kind in ("film", "recording"):
        pointing.append(_OF_FILMS)
    if things[-1].kind == "document":
        pointing.append(_OF_DOCUMENTS)
    return (attention.fresh or attention.topic) and any(pattern.search(words) for pattern in pointing)


def _named(words: str, things: Sequence[ShownThing]) -> list[ShownThing]:
    """The things of the kinds that the words name."""
    kinds = {kind for noun, of in _NOUNS.items() if re.search(rf"\b{noun}\b", words, re.I) for kind in of}
    return [thing for thing in things if thing.kind in kinds]


def _newest(things: Sequence[ShownThing]) -> list[ShownThing]:
    """The newest batch of them: several pictures that came together are meant together."""
    return [thing for thing in things if thing.batch == things[-1].batch]


def _place(ordinal: str, count: int) -> int | None:
    number = count - 1 if ordinal in ("last", "latest") else ORDINALS.index(ordinal)
    return number if number < count else None
