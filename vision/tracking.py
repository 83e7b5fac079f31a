"""Tracks objects over frames by voting: which objects are in view, since when, and what they are.

One detection pass (a look) gives detections; each is a vote for the class of one object. An object is confirmed by
the mean of its votes; a look that missed it counts as a weak vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vision.box import Box, area, centre, inside, overlap
from vision.detect import LIKELY, Detection

CONFIRMED = 0.44  # mean vote from which an object is confirmed; in photos, 94 % of the objects pass and few others
CERTAIN = 0.65  # score from which one look is enough
DOUBTED = 0.3  # mean vote below which a confirmed object was a mistake
LOST_AFTER_S = 1.5  # without a detection, in at least two looks
RETURNS_WITHIN_S = 10.0  # after an object was seen last: what is then seen of its kind at its place is the same one
MEMORY = 4  # looks over which the mean extends, approximately
_MISSED = 0.2  # vote of a look for a class that it did not detect: scores of real objects do fall that low

_SAME_KIND_OVERLAP, _OTHER_KIND_OVERLAP = 0.3, 0.5  # from which a detection is the object seen before
_SAME_PLACE = 0.7  # overlap from which two detections of one look are one object
_PART = 0.85  # share of a box inside another of its class, from which one is a part of the other
_JUMP = 1.5  # maximum movement of an object between two looks, in sides of its box


@dataclass(frozen=True, slots=True)
class Track:
    """A confirmed object: its number in this session, mean vote, and first and last time seen."""

    number: int
    label: str
    score: float
    box: Box
    since: float
    at: float


@dataclass(slots=True)
class _Candidate:
    """An object detected at least once."""

    number: int
    box: Box
    since: float
    at: float
    looks: int = 0
    missed: int = 0  # looks since it was last seen
    confirmed: bool = False
    means: dict[str, float] = field(default_factory=dict)  # kind: mean vote
    votes: dict[str, float] = field(default_factory=dict)  # kind: vote of the current look

    @property
    def label(self) -> str:
        return max(self.votes or self.means, key=lambda kind: self.means.get(kind, 0.0))

    @property
    def score(self) -> float:
        return max(self.means.values())

    def seen(self, detection: Detection, at: float) -> None:
        if detection.score > max(self.votes.values(), default=0.0):
            self.box = detection.box
        self.votes[detection.label] = max(detection.score, self.votes.get(detection.label, 0.0))
        self.at = at

    def count_votes(self) -> None:
        """Closes the current look."""
        self.looks += 1
        self.missed = 0 if self.votes else self.missed + 1
        share = 1 / min(self.looks, MEMORY)
        for kind in self.means.keys() | self.votes.keys():
            mean = self.means.get(kind, _MISSED)
            self.means[kind] = mean + share * (self.votes.get(kind, _MISSED) - mean)
        self.votes.clear()
        needed = CERTAIN if self.looks == 1 else CONFIRMED
        self.confirmed = self.score >= (DOUBTED if self.confirmed else needed)

    def is_lost(self, at: float) -> bool:
        if self.missed < 2:
            return False
        return not self.confirmed or at - self.at >= LOST_AFTER_S

    def track(self) -> Track:
        kind = max(self.means, key=lambda kind: self.means[kind])
        return Track(self.number, kind, self.means[kind], self.box, self.since, self.at)


class Tracker:
    """Call `update` after each look, in order of time."""

    def __init__(self) -> None:
        self._candidates: list[_Candidate] = []
        self._gone: list[_Candidate] = []  # confirmed before they were lost, and perhaps only hidden
        self._count = 0

    @property
    def undecided(self) -> bool:
        """Whether there is a candidate that another look may confirm or refute."""
        return any(not candidate.confirmed and candidate.looks < MEMORY for candidate in self._candidates)

    def update(self, detections: Sequence[Detection], at: float) -> list[Track]:
        """Takes the detections of one look, weak ones (0.3 and more) included. Returns the confirmed objects."""
        best_first = sorted(detections, key=lambda detection: -detection.score)
        for detection in self._match(best_first, at):
            self._place(detection, at)
        for candidate in self._candidates:
            candidate.count_votes()
        lost = [candidate for candidate in self._candidates if candidate.is_lost(at)]
        self._candidates = [candidate for candidate in self._candidates if candidate not in lost]
        self._gone += [candidate for candidate in lost if candidate.confirmed]
        self._gone = [candidate for candidate in self._gone if at - candidate.at <= RETURNS_WITHIN_S]
        return self.tracks()

    def confirm_now(self) -> list[Track]:
        """Confirms the candidates of a single picture by the looks so far, even by one."""
        for candidate in self._candidates:
            candidate.confirmed = candidate.score >= (LIKELY if candidate.looks == 1 else CONFIRMED)
        return self.tracks()

    def tracks(self) -> list[Track]:
        """The confirmed objects, oldest first."""
        return [candidate.track() for candidate in self._candidates if candidate.confirmed]

    def cover(self) -> None:
        """Nothing is in view for the moment: the objects keep their numbers if they are back soon."""
        self._gone += [candidate for candidate in self._candidates if candidate.confirmed]
        self._candidates.clear()

    def clear(self) -> None:
        """Forgets all objects, for example when the camera is lost."""
        self._candidates.clear()
        self._gone.clear()

    def continue_from(self, before: Sequence[Track]) -> None:
        """For a picture that follows another: an object of a kind that was in it keeps its number and first time.

        Two pictures say nothing about motion, so of several objects of a kind the one that overlaps most is the same.
        """
        left = list(before)
        for candidate in [candidate for candidate in self._candidates if candidate.confirmed]:
            same_kind = [track for track in left if track.label == candidate.track().label]
            if same_kind:
                same = max(same_kind, key=lambda track: overlap(track.box, candidate.box))
                left.remove(same)
                candidate.number, candidate.since = same.number, same.since

    def _match(self, detections: list[Detection], at: float) -> list[Detection]:
        """Assigns each candidate its best detection; returns the remaining detections."""
        pairs = [
            (similarity, i, j)
            for i, candidate in enumerate(self._candidates)
            for j, detection in enumerate(detections)
            if (similarity := _similarity(candidate, detection)) > 0
        ]
        assigned, used = set[int](), set[int]()
        for _, i, j in sorted(pairs, reverse=True):
            if i not in assigned and j not in used:
                assigned.add(i)
                used.add(j)
                self._candidates[i].seen(detections[j], at)
        return [detection for j, detection in enumerate(detections) if j not in used]

    def _place(self, detection: Detection, at: float) -> None:
        """Handles an unmatched detection: another vote on a candidate, a part of one, or a new candidate."""
        for candidate in self._candidates:
            if candidate.at == at and overlap(candidate.box, detection.box) >= _SAME_PLACE:
                candidate.seen(Detection(detection.label, detection.score, candidate.box), at)
                return
            nested = max(inside(detection.box, candidate.box), inside(candidate.box, detection.box)) >= _PART
            if nested and candidate.label == detection.label and candidate.at == at and detection.score < CERTAIN:
                return
        candidate = self._returned(detection, at) or self._new(detection, at)
        candidate.seen(detection, at)
        self._candidates.append(candidate)

    def _new(self, detection: Detection, at: float) -> _Candidate:
        self._count += 1
        return _Candidate(self._count, detection.box, at, at)

    def _returned(self, detection: Detection, at: float) -> _Candidate | None:
        """A candidate with the number of the object that was hidden there, to be confirmed again."""
        hidden = [gone for gone in self._gone if gone.label == detection.label and _similarity(gone, detection) > 0]
        if not hidden:
            return None
        same = max(hidden, key=lambda gone: _similarity(gone, detection))
        self._gone.remove(same)
        return _Candidate(same.number, detection.box, same.since, at)


def _similarity(candidate: _Candidate, detection: Detection) -> float:
    """How well a detection continues a candidate: by place and class, by place, or by distance; 0 for no match."""
    shared = overlap(candidate.box, detection.box)
    same_kind = detection.label == candidate.label
    if same_kind and shared >= _SAME_KIND_OVERLAP:
        return 2 + shared
    if shared >= _OTHER_KIND_OVERLAP:
        return 1 + shared
    if not same_kind:
        return 0.0
    (x0, y0), (x1, y1) = centre(candidate.box), centre(detection.box)
    distance, reach = abs(x1 - x0) + abs(y1 - y0), _JUMP * max(area(candidate.box), area(detection.box)) ** 0.5
    return 1 - distance / reach if distance < reach else 0.0
