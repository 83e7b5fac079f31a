"""Decides which scenes are worth an entry of the timeline: those that changed, and stayed so.

Things, text and a model's description change at different rates, so each is an entry of its own, complete in itself:
an older one may be evicted. A change must last; entries of a kind keep their distance in time, except that the newest
state is written when the user speaks. A detection that flickers writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal, get_args

from dialogue.blocks import Fact, SceneBlock
from dialogue.text.plain_words import plain

KeyframeKind = Literal["camera", "text", "description", "shown"]
KINDS: tuple[KeyframeKind, ...] = get_args(KeyframeKind)

LASTING_S = 1.0  # before a change counts
# Seconds between two entries of a kind.
EVERY_S: Mapping[KeyframeKind, float] = {"camera": 2.0, "text": 4.0, "description": 10.0}
# A text that was read again counts as the same from this share of equal characters on, since readings vary.
_SAME_TEXT, _SAME_DESCRIPTION = 0.9, 0.6
# Text is read less often than things are detected, so it counts as present for this long after its last reading.
TEXT_STAYS_S = 10.0
_COMPARED = 600  # characters of a text
NOTHING = ""  # the content of a kind before there was any


@dataclass(frozen=True, slots=True)
class Keyframe:
    """What the camera showed from `at` on: things, light and colours; text that was read; or a model's description.

    A keyframe of kind "shown" is about something else that the user showed, named by `title`. `camera` is False where
    it was switched off. `gone` and `new` are the things that differ from the keyframe of this kind before. Facts hold
    data from the room, never an instruction.
    """

    kind: KeyframeKind
    facts: tuple[Fact, ...]
    at: float
    camera: bool = True
    title: str = ""
    gone: tuple[Fact, ...] = ()
    new: tuple[Fact, ...] = ()


class Keyframes:
    """The choice of one session. Times are those of the scenes."""

    def __init__(self) -> None:
        self._changes = {
            "camera": _Change(EVERY_S["camera"], lambda old, new: old == new),
            "text": _Change(EVERY_S["text"], _alike(_SAME_TEXT)),
            "description": _Change(EVERY_S["description"], _alike(_SAME_DESCRIPTION)),
        }
        self._things: tuple[Fact, ...] | None = None  # of the last keyframe of the camera

    def see(self, scene: SceneBlock, *, asked: bool = False) -> Iterator[Keyframe]:
        """The entries that are due with this scene. `asked`: the user speaks, so its newest state is due."""
        if not scene.camera:
            for change in self._changes.values():
                change.forget_new()
            self._changes["text"].written = self._changes["description"].written = NOTHING
        for keyframe in _parts(scene):
            due = asked or not scene.camera
            since = self._changes[keyframe.kind].see(_gist(keyframe), scene.at, due)
            if since is not None:
                yield replace(self._compared(keyframe), at=since)

    def _compared(self, keyframe: Keyframe) -> Keyframe:
        """With the things that came and went since the keyframe before."""
        if keyframe.kind != "camera":
            return keyframe
        before, after = self._things, tuple(fact for fact in keyframe.facts if fact.kind == "object")
        self._things = after if keyframe.camera else None
        if before is None or not keyframe.camera:
            return keyframe
        return replace(keyframe, gone=tuple(_more(before, after)), new=tuple(_more(after, before)) if before else ())


class _Change:
    """Whether one kind of content changed. `written` is what the last entry is about."""

    def __init__(self, every_s: float, same: Callable[[Hashable, Hashable], bool]) -> None:
        self._every_s, self._same = every_s, same
        self.written: Hashable = NOTHING
        self._written_at = float("-inf")
        self._new: tuple[Hashable, float] | None = None  # and since when

    def see(self, gist: Hashable, at: float, due: bool) -> float | None:
        """The time since when the content is `gist`, if an entry about it is due."""
        if self._same(self.written, gist) and not (due and _figures(self.written) != _figures(gist)):
            self._new = None
            return None
        if self._new is None or not self._same(self._new[0], gist):
            self._new = gist, at
        since = self._new[1]
        if not due and (at - since < LASTING_S or at - self._written_at < self._every_s):
            return None
        self.written, self._written_at, self._new = gist, at, None
        return since

    def forget_new(self) -> None:
        self._new = None


def _parts(scene: SceneBlock) -> Iterator[Keyframe]:
    """The scene by kind. Without a camera there is nothing but that."""
    read = [fact for fact in scene.facts if fact.kind == "text" and fact.at >= scene.at - TEXT_STAYS_S]
    described = [fact for fact in scene.facts if fact.kind == "description"]
    shown = [fact for fact in scene.facts if fact.kind in ("object", "light", "colour")]
    yield Keyframe("camera", tuple(shown), scene.at, scene.camera)
    if scene.camera:
        yield Keyframe("text", tuple(read), scene.at)
        yield Keyframe("description", tuple(described), scene.at)


def _more(here: Sequence[Fact], there: Sequence[Fact]) -> Iterator[Fact]:
    """The things of which there are more `here` than `there`: first those that differ most."""
    for label in dict.fromkeys(fact.label for fact in here):
        own, other = ([fact for fact in facts if fact.label == label] for facts in (here, there))
        left = sum(fact.count for fact in own) - sum(fact.count for fact in other)
        for fact in sorted(own, key=lambda fact: sum(_alike_things(fact, each) for each in other)):
            if left > 0:
                yield replace(fact, count=min(left, fact.count))
                left -= fact.count


def _alike_things(one: Fact, other: Fact) -> int:
    return (one.colour == other.colour) + (one.place == other.place)


def _gist(keyframe: Keyframe) -> Hashable:
    """What makes a change: things, their number and place, the light, words."""
    if keyframe.kind != "camera":
        return " ".join(plain(fact.text) for fact in keyframe.facts)[:_COMPARED] or NOTHING
    if not keyframe.camera:
        return NOTHING
    return frozenset((fact.kind, fact.label, fact.count, fact.place) for fact in _changing(keyframe.facts))


def _changing(facts: tuple[Fact, ...]) -> Iterator[Fact]:
    """Colours vary too much to be a change."""
    return (fact for fact in facts if fact.kind != "colour")


def _figures(gist: Hashable) -> list[str]:
    """Another platform number matters to who asks; a clock in view must not fill the context meanwhile."""
    return re.findall(r"\d", gist) if isinstance(gist, str) else []


def _alike(share: float) -> Callable[[Hashable, Hashable], bool]:
    def same(old: Hashable, new: Hashable) -> bool:
        if old == new or not (isinstance(old, str) and isinstance(new, str) and old and new):
            return old == new
        return SequenceMatcher(None, old, new, autojunk=False).ratio() >= share

    return same
