"""Tracks the signs in view and remembers recent ones, from OCR readings. State of one session.

Readings of one sign differ slightly; the one with the higher score stays, and of two equal ones the newer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from vision.box import Box, overlap
from vision.reading.signs import Sign
from vision.scene_event import SceneEvent

REMEMBERED_S = 60.0  # after a sign was last seen
_MAX_SIGNS = 20

_SAME_WORDS = 0.6  # similarity from which two readings are of one sign
_SAME_PLACE = 0.3  # overlap from which a sign with other words has replaced another
_FADES = 0.85  # factor on a reading's certainty each time that the sign is read differently
_PIECE = 0.7  # weight of a reading that is only a part of the previous one
_CERTAIN = 0.85  # score that both readings need before a change is reported
_MISSES = 2  # readings without the sign after which it is gone


@dataclass(slots=True)
class KnownSign:
    """A sign, its best reading, and when it was first and last read."""

    text: str
    score: float
    box: Box
    since: float
    at: float
    missed: int = 0  # readings since it was last read

    @property
    def is_there(self) -> bool:
        return self.missed == 0


class SignMemory:
    """Call `read` after each reading, in order of time."""

    def __init__(self) -> None:
        self.signs: list[KnownSign] = []  # those in view, in the order read; then those that are gone, newest first

    def read(self, signs: Sequence[Sign], at: float) -> list[SceneEvent]:
        """What one reading found, the most prominent first. Returns what changed."""
        known, changes, there = list(self.signs), list[SceneEvent](), list[KnownSign]()
        news: list[Sign] = []
        for sign in signs:
            same = max(known, key=lambda one: _similarity(one.text, sign.text), default=None)
            if same is not None and _similarity(same.text, sign.text) >= _SAME_WORDS:
                known.remove(same)
                there.append(same)
                changes += _read_again(same, sign, at)
            elif not _is_fragment(sign, known + there):
                news.append(sign)
        for sign in news:
            replaced = next((one for one in known if one.is_there and overlap(one.box, sign.box) >= _SAME_PLACE), None)
            if replaced is None:
                changes.append(SceneEvent("text appeared", at, text=sign.text))
            else:
                changes.append(SceneEvent("text changed", at, text=sign.text, before=replaced.text))
                replaced.missed = _MISSES
            there.append(KnownSign(sign.text, sign.score, sign.box, at, at))
        for one in known:
            one.missed += 1
            if one.missed == _MISSES:
                changes.append(SceneEvent("text gone", at, text=one.text))
        gone = sorted((one for one in known if at - one.at <= REMEMBERED_S), key=lambda one: -one.at)
        self.signs = [*there, *gone][:_MAX_SIGNS]
        return changes

    def camera_lost(self) -> None:
        """Marks all signs as gone; they are still remembered."""
        for one in self.signs:
            one.missed = max(one.missed, _MISSES)


def _read_again(known: KnownSign, sign: Sign, at: float) -> list[SceneEvent]:
    """Take over a new reading of a known sign if it is as good."""
    changes: list[SceneEvent] = []
    before, now = _normalised(known.text), _normalised(sign.text)
    certainty = known.score * (_FADES if before != now else 1.0)
    if sign.score * (_PIECE if now != before and now in before else 1.0) >= certainty:
        if before != now and known.is_there and min(known.score, sign.score) >= _CERTAIN:
            changes.append(SceneEvent("text changed", at, text=sign.text, before=known.text))
        known.text, known.score = sign.text, sign.score
    else:
        known.score = certainty
    if known.missed >= _MISSES:
        changes.append(SceneEvent("text returned", at, text=known.text))
    known.box, known.at, known.missed = sign.box, at, 0
    return changes


def _normalised(text: str) -> str:
    """Letters and digits only, in lower case."""
    return "".join(character for character in text.casefold() if character.isalnum())


def _similarity(a: str, b: str) -> float:
    """0..1 by the common letters, ignoring case and spaces."""
    return SequenceMatcher(None, _normalised(a), _normalised(b), autojunk=False).ratio()


def _is_fragment(sign: Sign, known: Sequence[KnownSign]) -> bool:
    """Whether this is a part of a sign that was read as a whole before: the grouping of lines varies."""
    fragment = _normalised(sign.text)
    return any(one.is_there and fragment in _normalised(one.text) for one in known)
