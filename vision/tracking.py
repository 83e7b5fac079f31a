"""Takes the vote over looks: which things are there, for how long, and what are they. State of one session.

A look brings detections; each is one thing's vote for its kind. A thing is believed by the mean of its votes, a
look that missed it counting little but not nothing. Knows boxes, scores and times, no pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vision.box import Box, area, centre, inside, overlap
from vision.detect import LIKELY, Detection

AGREED = 0.44  # mean of the votes from which a thing is believed; of photos, 94 % of the things pass and few others
CERTAIN = 0.65  # one look with such a score is enough
DOUBTED = 0.3  # a believed thing whose mean falls below was a mistake
LOST_AFTER_S = 1.5  # of not being seen, in at least two looks
MEMORY = 4  # looks that the mean goes back, about
_MISSED = 0.2  # what a look votes for a kind that it did not see: scores of real things do fall that low

_SAME_KIND_OVERLAP, _OTHER_KIND_OVERLAP = 0.3, 0.5  # from which a detection is the thing seen before
_SAME_PLACE = 0.7  # overlap of two detections of one look that are about one thing
_PART = 0.85  # share of a box inside another of its kind, from which they are a thing and a part of it
_JUMP = 1.5  # how far a thing moves between two looks, in sides of its box


@dataclass(frozen=True, slots=True)
class Track:
    """A thing that is there: its number in this session, the mean of its votes, first and last time seen."""

    number: int
    label: str
    score: float
    box: Box
    since: float
    at: float


@dataclass(slots=True)
class _Thing:
    """Something seen at least once."""

    number: int
    box: Box
    since: float
    at: float
    looks: int = 0
    missed: int = 0  # looks since it was last seen
    believed: bool = False
    beliefs: dict[str, float] = field(default_factory=dict)  # kind: mean of the votes
    votes: dict[str, float] = field(default_factory=dict)  # of the look in hand

    @property
    def label(self) -> str:
        return max(self.votes or self.beliefs, key=lambda kind: self.beliefs.get(kind, 0.0))

    @property
    def score(self) -> float:
        return max(self.beliefs.values())

    def seen(self, detection: Detection, at: float) -> None:
        if detection.score > max(self.votes.values(), default=0.0):
            self.box = detection.box
        self.votes[detection.label] = max(detection.score, self.votes.get(detection.label, 0.0))
        self.at = at

    def count_votes(self) -> None:
        """Close the look in hand."""
        self.looks += 1
        self.missed = 0 if self.votes else self.missed + 1
        share = 1 / min(self.looks, MEMORY)
        for kind in self.beliefs.keys() | self.votes.keys():
            mean = self.beliefs.get(kind, _MISSED)
            self.beliefs[kind] = mean + share * (self.votes.get(kind, _MISSED) - mean)
        self.votes.clear()
        needed = CERTAIN if self.looks == 1 else AGREED
        self.believed = self.score >= (DOUBTED if self.believed else needed)

    def is_lost(self, at: float) -> bool:
        if self.missed < 2:
            return False
        return not self.believed or at - self.at >= LOST_AFTER_S

    def told(self) -> Track:
        kind = max(self.beliefs, key=lambda kind: self.beliefs[kind])
        return Track(self.number, kind, self.beliefs[kind], self.box, self.since, self.at)


class Tracker:
    """`update` after each look, in order of time."""

    def __init__(self) -> None:
        self._things: list[_Thing] = []
        self._count = 0

    @property
    def undecided(self) -> bool:
        """Whether something was seen that another look may confirm or refute."""
        return any(not thing.believed and thing.looks < MEMORY for thing in self._things)

    def update(self, detections: Sequence[Detection], at: float) -> list[Track]:
        """What one look saw, weak detections (0.3 and more) too. Returns the things that are believed to be there."""
        best_first = sorted(detections, key=lambda detection: -detection.score)
        for detection in self._match(best_first, at):
            self._place(detection, at)
        for thing in self._things:
            thing.count_votes()
        self._things = [thing for thing in self._things if not thing.is_lost(at)]
        return self.tracks()

    def confirm_now(self) -> list[Track]:
        """For a single picture: decide by the looks so far, even by one."""
        for thing in self._things:
            thing.believed = thing.score >= (LIKELY if thing.looks == 1 else AGREED)
        return self.tracks()

    def tracks(self) -> list[Track]:
        """The things believed to be there, oldest first."""
        return [thing.told() for thing in self._things if thing.believed]

    def clear(self) -> None:
        """Forget everything, as when the camera goes."""
        self._things.clear()

    def continue_from(self, before: Sequence[Track]) -> None:
        """For a picture that follows another: a thing of a kind that was in it keeps its number and first time.

        Two pictures say nothing about motion, so of several things of a kind the one that overlaps most is the same.
        """
        left = list(before)
        for thing in [thing for thing in self._things if thing.believed]:
            same_kind = [track for track in left if track.label == thing.told().label]
            if same_kind:
                same = max(same_kind, key=lambda track: overlap(track.box, thing.box))
                left.remove(same)
                thing.number, thing.since = same.number, same.since

    def _match(self, detections: list[Detection], at: float) -> list[Detection]:
        """Give each thing its best detection; returns the detections left over."""
        pairs = [
            (likeness, i, j)
            for i, thing in enumerate(self._things)
            for j, detection in enumerate(detections)
            if (likeness := _likeness(thing, detection)) > 0
        ]
        things, used = set[int](), set[int]()
        for _, i, j in sorted(pairs, reverse=True):
            if i not in things and j not in used:
                things.add(i)
                used.add(j)
                self._things[i].seen(detections[j], at)
        return [detection for j, detection in enumerate(detections) if j not in used]

    def _place(self, detection: Detection, at: float) -> None:
        """A detection that matched nothing known: another opinion on a thing, a part of one, or a new thing."""
        for thing in self._things:
            if thing.at == at and overlap(thing.box, detection.box) >= _SAME_PLACE:
                thing.seen(Detection(detection.label, detection.score, thing.box), at)
                return
            nested = max(inside(detection.box, thing.box), inside(thing.box, detection.box)) >= _PART
            if nested and thing.label == detection.label and thing.at == at and detection.score < CERTAIN:
                return
        self._count += 1
        thing = _Thing(self._count, detection.box, at, at)
        thing.seen(detection, at)
        self._things.append(thing)


def _likeness(thing: _Thing, detection: Detection) -> float:
    """How well a detection continues a thing, 0 for not at all: in place and kind, in place, or not far off."""
    shared = overlap(thing.box, detection.box)
    same_kind = detection.label == thing.label
    if same_kind and shared >= _SAME_KIND_OVERLAP:
        return 2 + shared
    if shared >= _OTHER_KIND_OVERLAP:
        return 1 + shared
    if not same_kind:
        return 0.0
    (x0, y0), (x1, y1) = centre(thing.box), centre(detection.box)
    distance, reach = abs(x1 - x0) + abs(y1 - y0), _JUMP * max(area(thing.box), area(detection.box)) ** 0.5
    return 1 - distance / reach if distance < reach else 0.0
