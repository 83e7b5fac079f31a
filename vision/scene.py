"""The scene table: what one session's eyes vouch for now, and what came and went. Knows no pixels and no model."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from vision.box import Box, area, centre, overlap
from vision.describe import article, describe
from vision.signs import Sign
from vision.tracking import Track

FactKind = Literal["object", "text", "colour", "light"]
Place = Literal["left", "centre", "right", ""]
Distance = Literal["near", "far", ""]

LEFT_OF, RIGHT_OF = 0.36, 0.64  # of the width: where the middle of a thing must lie to be called left or right
TOO_WIDE = 0.6  # of the width: a thing that fills the view is in its centre
NEAR, FAR = 0.22, 0.012  # shares of the picture that a thing fills
SURE_OF_TEXT = 0.6
SAME_TEXT = 0.75  # likeness of two readings of one sign
KEPT_S = 60.0  # how long text that is gone stays in the table, with the time it was last seen
SETTLING_S = 3.0  # what is seen so soon after the first look was there before: no news
CHANGES = 40


@dataclass(frozen=True, slots=True)
class SceneFact:
    """One thing vouched for; the fields mean what those of dialogue.blocks.Fact mean."""

    kind: FactKind
    label: str
    count: int = 1
    place: Place = ""
    distance: Distance = ""
    colour: str = ""
    text: str = ""
    since: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class _Writing:
    """A sign as it was best read."""

    text: str
    score: float
    box: Box
    since: float
    at: float
    present: bool = True


def place_of(box: Box) -> Place:
    """Where a thing is, as somebody in front of the picture would say."""
    if box[2] - box[0] > TOO_WIDE:
        return "centre"
    middle = centre(box)[0]
    return "left" if middle < LEFT_OF else "right" if middle > RIGHT_OF else "centre"


def distance_of(box: Box) -> Distance:
    """By the share of the picture that it fills."""
    return "near" if area(box) > NEAR else "far" if area(box) < FAR else ""


class Scene:
    """One session's. Fed by looks in order of time; times are capture times on the session clock."""

    def __init__(self) -> None:
        self._things: list[Track] = []
        self._colours: Mapping[int, str] = {}
        self._background: Sequence[str] = ()
        self._light = ""
        self._writings: list[_Writing] = []
        self._changes: deque[tuple[float, str]] = deque(maxlen=CHANGES)
        self._first_at: float | None = None
        self._at = 0.0

    def see_things(
        self, things: Sequence[Track], colours: Mapping[int, str], background: Sequence[str], light: str, at: float
    ) -> None:
        """What a look found. `colours` are by track number; `background` names the picture's own, largest first."""
        self._begin(at)
        before = {thing.number: thing for thing in self._things}
        now = {thing.number: thing for thing in things}
        for number in now.keys() - before.keys():
            self._tell(at, f"{article(now[number].label)} came into view")
        for number in before.keys() - now.keys():
            self._tell(at, f"the {before[number].label} went out of view")
        self._things, self._colours = list(things), colours
        self._background, self._light, self._at = tuple(background), light, at
        for writing in self._writings:
            if writing.present:  # a change of what is written calls for a reading of its own: till then it holds
                writing.at = at

    def see_signs(self, signs: Sequence[Sign], at: float) -> None:
        """What a reading found; the newest reading decides what is there."""
        self._begin(at)
        gone = [writing for writing in self._writings if writing.present]
        for sign in signs:
            if sign.score < SURE_OF_TEXT or not sign.text:
                continue
            known = next((writing for writing in self._writings if _same(writing, sign)), None)
            if known is None:
                self._writings.append(_Writing(sign.text, sign.score, sign.box, at, at))
                self._tell(at, f'a sign came into view that says "{sign.text}"')
                continue
            if known in gone:
                gone.remove(known)
            if sign.score >= known.score or not known.present:
                known.text, known.score = sign.text, sign.score
            known.box, known.at, known.present = sign.box, at, True
        for writing in gone:
            writing.present = False
            self._tell(at, f'the sign that said "{writing.text}" is gone')
        self._writings = [writing for writing in self._writings if at - writing.at < KEPT_S]
        self._at = max(self._at, at)

    def camera_lost(self, at: float) -> None:
        """Nothing is seen any more; what was read is remembered."""
        self._things, self._colours, self._background, self._light = [], {}, (), ""
        for writing in self._writings:
            writing.present = False
        self._first_at = None
        self._at = at

    def facts(self) -> tuple[SceneFact, ...]:
        """All that is vouched for, things first, the largest first."""
        writings = sorted(self._writings, key=lambda writing: (not writing.present, -area(writing.box)))
        texts = [
            SceneFact("text", "sign", place=place_of(w.box), text=w.text, since=w.since, at=w.at) for w in writings
        ]
        colours = [SceneFact("colour", name, since=self._at, at=self._at) for name in self._background]
        light = [SceneFact("light", self._light, since=self._at, at=self._at)] if self._light else []
        return (*self._objects(), *texts, *colours, *light)

    def _objects(self) -> list[SceneFact]:
        """Things of a kind at one place, distance and colour are one fact."""
        grouped: dict[tuple[str, Place, Distance, str], SceneFact] = {}
        for thing in sorted(self._things, key=lambda thing: -area(thing.box)):
            colour = self._colours.get(thing.number, "")
            key = (thing.label, place_of(thing.box), distance_of(thing.box), colour)
            if key in grouped:
                fact = grouped[key]
                grouped[key] = replace(fact, count=fact.count + 1, since=min(fact.since, thing.since))
            else:
                grouped[key] = SceneFact("object", *_placed(key), since=thing.since, at=self._at)
        return list(grouped.values())

    def description(self) -> str:
        """One line about what is there now."""
        present = [writing.text for writing in self._writings if writing.present]
        return describe([fact for fact in self.facts() if fact.kind != "text" or fact.text in present])

    def changes(self) -> tuple[tuple[float, str], ...]:
        """What came and went: (time, sentence), newest last."""
        return tuple(self._changes)

    def _begin(self, at: float) -> None:
        if self._first_at is None:
            self._first_at = at

    def _tell(self, at: float, news: str) -> None:
        if self._first_at is not None and at - self._first_at > SETTLING_S:
            self._changes.append((at, news))


def _placed(key: tuple[str, Place, Distance, str]) -> tuple[str, int, Place, Distance, str]:
    label, place, distance, colour = key
    return label, 1, place, distance, colour


def _same(writing: _Writing, sign: Sign) -> bool:
    """Two readings of one sign: nearly the same words, or about the same place while it is there."""
    likeness = SequenceMatcher(None, writing.text.lower(), sign.text.lower(), autojunk=False).ratio()
    if likeness >= SAME_TEXT:
        return True
    return writing.present and likeness > 0.5 and overlap(writing.box, sign.box) > 0.5
