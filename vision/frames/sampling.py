"""Frame sampling: decides what each camera frame is used for, by what it shows.

A frame may be looked at (detection), read (OCR) or shown to the models that see. There is no queue: a frame that is not
chosen when it is offered is dropped. After a change a few more frames are looked at, since objects are voted on, and
the scene is read once it stands still, or again when a sharper frame comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vision.frames.camera_trouble import Frozen
from vision.frames.change import Sketch, moved, moved_in_place, rewritten, sketch
from vision.frames.picture_choice import PictureChoice, PictureChoiceSettings
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
    sharper: float = 1.5  # factor by which a frame is sharper than the one that was read, so that reading may gain
    pictures: PictureChoiceSettings = field(default_factory=PictureChoiceSettings)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run on the offered frame. `shown` is a picture for the models that see: this one, or a sharper one just
    before it. `dark`: the lens is covered, or there is no light. `is_read`: what is written in the picture is what was
    read last, so that nothing needs to wait for another reading."""

    detect: bool
    read: bool
    shown: Picture | None = None
    unchanged: bool = False
    dark: bool = False
    frozen: bool = False
    is_read: bool = False


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
        self._pictures = PictureChoice(self._sampling.pictures)
        self._frozen = Frozen()
        self._offered: _Seen | None = None
        self._looked: _Seen | None = None
        self._read: _Seen | None = None
        self._moved_at = float("-inf")  # when two consecutive offered frames last differed
        self._changed_at = float("-inf")  # when a frame last differed from the one last looked at

    def offer(self, picture: Picture, now: float, asked: bool = False) -> Choice:
        """What to run on this frame. `asked`: the user may ask about the view, so all is due. Blocks for 5 ms."""
        seen = _Seen(sketch(picture.rgb), now)
        if self._offered is None or moved_in_place(self._offered.sketch, seen.sketch):
            self._moved_at = now
        if (
            self._looked is None
            or seen.sketch.dark != self._looked.sketch.dark
            or moved(self._looked.sketch, seen.sketch)
        ):
            self._changed_at = now
        still = self._offered is not None and now > self._moved_at
        self._offered = seen
        shown = self._pictures.offer(picture, seen.sketch, still=still, asked=asked)
        is_read = self._read is not None and not rewritten(self._read.sketch, seen.sketch)
        detect, read = asked or self._look_is_due(seen), asked or self._reading_is_due(seen)
        if detect:
            self._looked = seen
        if read:
            self._read = seen
        frozen = self._frozen.see(seen.sketch.grain, now)
        return Choice(detect, read, shown, self._pictures.unchanged, seen.sketch.dark, frozen, is_read)

    def _look_is_due(self, seen: _Seen) -> bool:
        if self._looked is None or seen.sketch.dark != self._looked.sketch.dark:
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
        if not moved(before, seen.sketch) and seen.sketch.sharpness < rules.sharper * before.sharpness:
            return False
        still = seen.at - self._moved_at >= rules.still_s
        return since >= (rules.read_gap_s if still else rules.read_every_s)
