"""Cuts the input of a session into units of one second, [picture?][sound][text?], for engines that hear.

Pure: sound chunks, pictures and typed text come in, whole units go out; the sample count of the sound is the only
clock. A picture goes with the second in which it was chosen; each is used once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Samples
from stream.perception.audio_buffer import AudioBuffer
from vision.picture import Picture

UNIT_S = 1.0
UNIT = round(UNIT_S * HEARING_RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """`start_s` is on the clock of the sound; `samples` float32 (n,) at HEARING_RATE_HZ: one second, several where
    units were joined, less at the end of a turn. `fine`: the picture is worth full detail."""

    start_s: float
    samples: Samples
    picture: Picture | None = None
    text: str = ""
    fine: bool = False

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / HEARING_RATE_HZ

    def joined(self, other: Unit) -> Unit:
        """This unit and the one after it as one; the newer picture is kept."""
        samples = np.concatenate([self.samples, other.samples])
        text = "\n".join(filter(None, (self.text, other.text)))
        return Unit(self.start_s, samples, other.picture or self.picture, text, self.fine or other.fine)


class Interleave:
    """Cuts the units of one stream of sound, of `unit_s` seconds each."""

    def __init__(self, sound: AudioBuffer, start_s: float = 0.0, unit_s: float = UNIT_S) -> None:
        self._sound, self._unit = sound, round(unit_s * HEARING_RATE_HZ)
        self._next = round(start_s * HEARING_RATE_HZ)  # where the next unit begins
        self._picture: Picture | None = None
        self._text = ""

    def go_to(self, start_s: float) -> None:
        """Sets where the next unit begins: earlier, to cut a part again, or later."""
        self._next = round(start_s * HEARING_RATE_HZ)

    def see(self, picture: Picture | None) -> None:
        """Takes the newest picture; None where there is no camera."""
        self._picture = picture

    def write(self, text: str) -> None:
        """Takes typed text: it goes with the second in which it came."""
        self._text = "\n".join(filter(None, (self._text, text)))

    def take(self) -> list[Unit]:
        """The units that are whole now, oldest first. Picture and text go with the newest."""
        units = []
        end = round(self._sound.end_s * HEARING_RATE_HZ)
        while self._next + self._unit <= end:
            units.append(self._cut(self._next + self._unit))
            self._next += self._unit
        if units:
            units[-1] = replace(units[-1], picture=self._picture, text=self._text)
            self._picture, self._text = None, ""
        return units

    def rest(self, end_s: float) -> Unit:
        """The sound since the last whole unit, with the newest picture. It is not taken: `take` returns it again
        as part of a whole unit."""
        end = max(round(end_s * HEARING_RATE_HZ), self._next)
        return replace(self._cut(end), picture=self._picture)

    def _cut(self, end: int) -> Unit:
        start_s = self._next / HEARING_RATE_HZ
        samples = self._sound.between(start_s, end / HEARING_RATE_HZ)
        if missing := end - self._next - len(samples):  # older than the audio buffer
            samples = np.pad(samples, (missing, 0))
        return Unit(start_s, samples)
