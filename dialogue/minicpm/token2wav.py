"""Codes of o 4.5's voice to sound: what a vocoder must offer, and how a stream of codes is cut for it.

The official vocoder is two networks in files of their own, outside the checkpoint. Whatever implements `Vocoder` can
be plugged in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dialogue.minicpm.speech_o45 import CODES_PER_S

RATE = 24_000
SILENCE = 4218  # the code a turn begins with
LOOK_AHEAD = 3  # codes the vocoder wants to know beyond the ones it makes sound of


class Vocoder(Protocol):
    """The state of one session's sound. Codes in, float32 mono 24 kHz out."""

    def stream(self, codes: list[int], last: bool) -> NDArray[np.float32]:
        """Sound for `codes`, of which the last LOOK_AHEAD are given again at the beginning of the next call, unless
        this is the `last` of the turn."""
        ...

    def restart(self) -> None:
        """The next codes begin a turn."""
        ...


@dataclass(slots=True)
class CodeFeed:
    """One turn's codes, cut into calls of a vocoder: a second at a time, and the codes it looks ahead to."""

    waiting: list[int] = field(default_factory=lambda: [SILENCE] * LOOK_AHEAD)

    def add(self, codes: list[int]) -> list[list[int]]:
        """The calls that can be made now."""
        self.waiting += codes
        calls = []
        while len(self.waiting) >= CODES_PER_S + LOOK_AHEAD:
            calls.append(self.waiting[: CODES_PER_S + LOOK_AHEAD])
            self.waiting = self.waiting[CODES_PER_S:]
        return calls

    def end(self) -> list[int]:
        """What the last call of the turn is made with."""
        rest, self.waiting = self.waiting, [SILENCE] * LOOK_AHEAD
        return rest
