"""Frame sampling: decides which camera frames to run detection on (a look) and which to run OCR on (a reading).

There is no queue: a frame that is not chosen when it is offered is dropped. After a change a few more frames are
looked at, since objects are voted on, and the scene is read once it stands still.
"""

from __future__ import annotations

from dataclasses import dataclass

from vision.change import Sketch, moved, sketch
from vision.picture import Picture


@dataclass(frozen=True, slots=True)
class FrameSamplingSettings:
    """Rates and intervals, on the session clock."""

    looks_per_s: float = 4.0  # maximum, while something moves
    attentive_looks_per_s: float = 5.0  # the same while something is watched for
    look_every_s: float = 2.0  # while nothing moves
    settle_s: float = 1.5  # time after the last change during which the scene counts as moving
    read_gap_s: float = 1.0  # minimum between two readings
    read_every_s: float = 4.0  # while something moves and never stands still
    still_s: float = 0.3  # without motion, after which a frame is sharp enough to read
    reread_every_s: float = 20.0  # while nothing changes


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run on the offered frame."""

    detect: bool
    read: bool


@dataclass(slots=True)
class _Seen:
    """The sketch of a frame and its time."""

    sketch: Sketch
    at: float


class FrameChooser:
    """The sampling state of one session. Offer it the newest frame whenever the vision models are free."""

    def __init__(self, sampling: FrameSamplingSettings | None = None) -> None:
        self._sampling = sampling or FrameSamplingSettings()
        self.attentive = False  # something is watched for
        self._offered: _Seen | None = None
        self._looked: _Seen | None = None
        self._read: _Seen | None = None
        self._moved_at = float("-inf")  # when two consecutive offered frames last differed
        self._changed_at = float("-inf")  # when a frame last differed from the one last looked at

    def offer(self, picture: Picture, now: float, asked: bool = False) -> Choice:
        """What to run on this frame. `asked`: the user has asked about the view, so both are due."""
        seen = _Seen(sketch(picture.rgb), now)
        if self._offered is None or moved(self._offered.sketch, seen.sketch):
            self._moved_at = now
        if self._looked is None or moved(self._looked.sketch, seen.sketch):
            self._changed_at = now
        self._offered = seen
        choice = Choice(detect=asked or self._look_is_due(seen), read=asked or self._reading_is_due(seen))
        if choice.detect:
            self._looked = seen
        if choice.read:
            self._read = seen
        return choice

    def _look_is_due(self, seen: _Seen) -> bool:
        if self._looked is None:
            return True
        rules, since = self._sampling, seen.at - self._looked.at
        lively = seen.at - self._changed_at <= rules.settle_s
        rate = max(rules.looks_per_s, rules.attentive_looks_per_s) if self.attentive else rules.looks_per_s
        return since >= (1 / rate if lively else rules.look_every_s) - 1e-6

    def _reading_is_due(self, seen: _Seen) -> bool:
        if self._read is None:
            return True
        rules, since = self._sampling, seen.at - self._read.at
        if since >= rules.reread_every_s:
            return True
        before = self._read.sketch
        if not (before.may_hold_text or seen.sketch.may_hold_text):
            return False
        if not moved(before, seen.sketch):
            return False
        still = seen.at - self._moved_at >= rules.still_s
        return since >= (rules.read_gap_s if still else rules.read_every_s)
