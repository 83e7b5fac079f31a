"""Cuts the sound and pictures of one session into units and queues them for its engine.

A duplex engine gets every second of the call; an engine that takes turns gets the seconds of the user's turn, and the
rest of it when the turn is decided. A unit carries a picture when the view is new, where a turn begins, or where it is
asked about: then once more, in detail.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from dialogue.blocks import Block, PictureBlock
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.interleave import UNIT_S, Interleave, Unit
from stream.perception.units.unit_queue import UnitQueue
from stream.perception.video_perception import VideoPerception
from vision.picture import Picture

MOST_BESIDE = 16


class UnitFeed:
    """The units of one session. `always`: all seconds of the call, for a duplex engine."""

    def __init__(self, sound: AudioBuffer, video: VideoPerception, *, always: bool, unit_s: float = UNIT_S) -> None:
        self.always = always
        self.queue = UnitQueue(units=round(4 / unit_s)) if always else UnitQueue(units=8, joins=True)
        self._interleave = Interleave(sound, unit_s=unit_s)
        self._video = video
        self._shown: Picture | None = None  # the picture of the newest unit that has one
        self._fed: Picture | None = None  # the same, of those that were taken from the queue
        self._asked = False  # the words are about the picture, which the engine does not have in detail yet
        # Pictures that the user shows beside the camera, and those of them that are worth full detail.
        self._beside: deque[tuple[Picture, bool]] = deque(maxlen=MOST_BESIDE)
        self._taken_s = 0.0  # end of what the engine has been fed

    def begin(self, start_s: float) -> None:
        """Begins the user's turn at `start_s`. Units still queued belong to an old turn and are dropped."""
        self._taken_s, self._shown, self._fed, self._asked = start_s, None, None, False
        self.recut()

    def recut(self) -> None:
        """The turn goes on: sound that was fed speculatively is cut again, together with what follows."""
        self.queue.clear()
        self._shown = self._fed
        self._interleave.go_to(self._taken_s)

    def write(self, text: str) -> None:
        """Takes typed text: it goes with the current second, with a picture that it is about once more, in detail."""
        if self._video.detail.fine(text):
            self._shown = None
        self._interleave.write(text)

    def show_in_detail(self) -> None:
        """The words that are said now are about the picture."""
        if not self._asked:
            self._shown, self._asked = None, True

    def show(self, blocks: Sequence[Block]) -> None:
        """Takes pictures that the user shows beside the camera: each goes with a second of its own."""
        for each in blocks:
            if isinstance(each, PictureBlock):
                self._beside.append((Picture(each.rgb, each.at, "file"), each.max_slices is None))

    def cut(self) -> bool:
        """Queues the units that are whole by now. Returns whether there were any."""
        self._look()
        units = [self._detailed(unit) for unit in self._interleave.take()]
        for unit in units:
            self._shown = unit.picture or self._shown
            self.queue.put(unit)
            if self._is_beside(unit.picture):
                self._beside.popleft()
            elif unit.picture is not None and self.always:
                self._asked = False
        return bool(units)

    def rest(self, end_s: float) -> Unit:
        """The sound since the last whole unit, with the newest picture; not taken, see Interleave.rest."""
        self._look()
        return self._detailed(self._interleave.rest(end_s))

    def pop(self, before_s: float = float("inf")) -> Unit | None:
        """Takes the oldest queued unit if it begins before `before_s`, to be fed now."""
        unit = self.queue.pop(before_s)
        if unit is not None:
            self._taken_s, self._fed = unit.end_s, unit.picture or self._fed
        return unit

    def _look(self) -> None:
        chosen = self._video.chosen if self._video.camera else None
        if self._beside:
            self._interleave.see(self._beside[0][0])
            return
        self._interleave.see(None if chosen is self._shown else chosen)

    def _detailed(self, unit: Unit) -> Unit:
        if unit.picture is None:
            return unit
        if self._is_beside(unit.picture):
            return replace(unit, fine=self._beside[0][1])
        return replace(unit, fine=self._asked or self._video.detail.fine(unit.text))

    def _is_beside(self, picture: Picture | None) -> bool:
        return bool(self._beside) and picture is self._beside[0][0]
