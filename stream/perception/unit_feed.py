"""Where microphone and camera meet: cuts the units of one session and queues them for its engine.

A duplex engine gets every second of the call; one that takes turns gets the seconds of the user's turn, and what is
left of it when the turn is decided. Knows no engine.
"""

from __future__ import annotations

from stream.perception.heard_sound import AudioBuffer
from stream.perception.interleave import Interleave, Unit
from stream.perception.unit_queue import UnitQueue
from stream.perception.watching import FrameWatching
from vision.picture import Picture


class UnitFeed:
    """One session's. `always`: for a duplex engine."""

    def __init__(self, sound: AudioBuffer, watching: FrameWatching, *, always: bool) -> None:
        self.always = always
        self.queue = UnitQueue() if always else UnitQueue(units=8, joins=True)
        self._interleave = Interleave(sound)
        self._watching = watching
        self._shown: Picture | None = None
        self._taken_s = 0.0  # what the engine has been given ends there

    def begin(self, start_s: float) -> None:
        """The user's turn begins. What is still waiting belongs to an old one."""
        self._taken_s = start_s
        self.again()

    def again(self) -> None:
        """The turn goes on: what the engine was given for a trial is cut anew, with what follows."""
        self.queue.clear()
        self._interleave.go_to(self._taken_s)

    def write(self, text: str) -> None:
        """Typed words: they go with the present second."""
        self._interleave.write(text)

    def cut(self) -> bool:
        """Queues the units that are whole by now; whether there were any."""
        self._look()
        units = self._interleave.take()
        for unit in units:
            self._shown = unit.picture or self._shown
            self.queue.put(unit)
        return bool(units)

    def rest(self, end_s: float) -> Unit:
        """What was heard since the last whole unit, with the newest picture; not taken, see Interleave.rest."""
        self._look()
        return self._interleave.rest(end_s)

    def pop(self, before_s: float = float("inf")) -> Unit | None:
        """The oldest unit that waits, if it begins before that; now the engine has it."""
        unit = self.queue.pop(before_s)
        if unit is not None:
            self._taken_s = unit.end_s
        return unit

    def _look(self) -> None:
        newest = self._watching.newest if self._watching.camera else None
        self._interleave.see(None if newest is self._shown else newest)
