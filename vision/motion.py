"""Notices that an object moves, from its boxes over several looks. State of one session.

A movement counts when two looks agree on it, and once until the object has stood still. What all objects share is the
camera's movement and does not count; growth does not count where the picture's edge cuts an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from vision.box import Box, centre
from vision.tracking import Track

Movement = Literal["moved left", "moved right", "approached", "receded"]

_FAR_ENOUGH = 0.15  # of the picture's width
_GROWN = 1.35  # factor on both sides of a box
_SEVERAL = 3  # objects whose common movement is the camera's
_EDGE = 0.02
_STEP = 0.02  # of the picture's width or of the size, between two looks: less is the detector's jitter
_STILL_S = 1.5


@dataclass(slots=True)
class _Course:
    """Where an object stood last, where it was in the last look, and its movement since."""

    anchor: Box
    last: Box
    supposed: Movement | None = None  # by one look
    reported: Movement | None = None
    moved_at: float = 0.0


class Motion:
    """Call `update` after each look, in order of time."""

    def __init__(self) -> None:
        self._courses: dict[int, _Course] = {}

    def update(self, tracks: Sequence[Track], at: float) -> list[tuple[Track, Movement]]:
        """The objects that began to move, by the boxes of those that this look found."""
        found = [track for track in tracks if track.at == at]
        camera = self._of_camera(found)
        moves: list[tuple[Track, Movement]] = []
        for track in found:
            course = self._courses.setdefault(track.number, _Course(track.box, track.box))
            if (movement := _moved(course, track.box, at, camera)) is not None:
                moves.append((track, movement))
        present = {track.number for track in tracks}
        self._courses = {number: course for number, course in self._courses.items() if number in present}
        return moves

    def clear(self) -> None:
        """Forgets all objects, for example when the camera is lost."""
        self._courses.clear()

    def _of_camera(self, found: Sequence[Track]) -> float:
        """The movement to the right, in widths of the picture, that objects share since the last look."""
        shifts = [
            centre(track.box)[0] - centre(self._courses[track.number].last)[0]
            for track in found
            if track.number in self._courses
        ]
        return median(shifts) if len(shifts) >= _SEVERAL else 0.0


def _moved(course: _Course, box: Box, at: float, camera: float) -> Movement | None:
    """Takes the next box. Returns the movement that begins with it."""
    left, top, right, bottom = course.anchor
    course.anchor = left + camera, top, right + camera, bottom
    step = _movement(course.last, box, _STEP + abs(camera), 1 + _STEP)
    course.last = box
    if course.reported is not None:
        if step == course.reported:
            course.anchor, course.moved_at = box, at
        elif at - course.moved_at > _STILL_S:
            course.reported = None
    movement = _movement(course.anchor, box, _FAR_ENOUGH, _GROWN)
    agreed = movement is not None and movement == course.supposed
    course.supposed = movement
    if not agreed:
        return None
    begins = movement != course.reported
    course.anchor, course.supposed, course.reported, course.moved_at = box, None, movement, at
    return movement if begins else None


def _movement(before: Box, after: Box, far_enough: float, grown: float) -> Movement | None:
    growth = _growth(before, after)
    if growth >= grown or growth <= 1 / grown:
        return "approached" if growth > 1 else "receded"
    shift = centre(after)[0] - centre(before)[0]
    if abs(shift) < far_enough:
        return None
    return "moved right" if shift > 0 else "moved left"


def _growth(before: Box, after: Box) -> float:
    """The factor by which the sides grew that the picture's edge cuts in neither box, the one nearer to 1; else 1."""
    factors = [
        (after[end] - after[start]) / max(before[end] - before[start], 1e-6)
        for start, end in ((0, 2), (1, 3))
        if min(before[start], after[start]) > _EDGE and max(before[end], after[end]) < 1 - _EDGE
    ]
    return min(factors, key=lambda factor: max(factor, 1 / factor), default=1.0)
