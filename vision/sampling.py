"""Which camera frames are worth a look, and which are worth reading. Decides; looks at nothing itself.

There is no queue: a frame that is not chosen when it is offered is forgotten. What has come to rest after a change
is looked at a few times more, since things are voted on, and is read once it stands still.
"""

from __future__ import annotations

from dataclasses import dataclass

from vision.change import Sketch, moved, sketch
from vision.picture import Picture


@dataclass(frozen=True, slots=True)
class FrameSamplingSettings:
    """How often, in seconds or per second of the session clock."""

    looks_per_s: float = 4.0  # at most, while something moves
    look_every_s: float = 2.0  # while nothing moves
    settle_s: float = 1.5  # so long after the last change looks go on as if something moved
    read_gap_s: float = 1.0  # at least, between two readings
    read_every_s: float = 4.0  # while something moves and never stands still
    still_s: float = 0.3  # without motion: sharp enough to be read
    reread_every_s: float = 20.0  # while nothing changes


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with the frame that was offered."""

    detect: bool
    read: bool


@dataclass(slots=True)
class _Seen:
    """The last frame that was examined in some way, and when."""

    sketch: Sketch
    at: float


class FrameChooser:
    """State of one session. Offer it the newest frame whenever the eyes are free."""

    def __init__(self, sampling: FrameSamplingSettings | None = None) -> None:
        self._sampling = sampling or FrameSamplingSettings()
        self._offered: _Seen | None = None
        self._looked: _Seen | None = None
        self._read: _Seen | None = None
        self._moved_at = float("-inf")  # when two frames offered one after the other last differed
        self._changed_at = float("-inf")  # when a frame last differed from the one looked at before

    def offer(self, picture: Picture, now: float, asked: bool = False) -> Choice:
        """What the eyes should do with this frame. `asked`: somebody wants to know now, so do everything."""
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
        return since >= (1 / rules.looks_per_s if lively else rules.look_every_s) - 1e-6

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
