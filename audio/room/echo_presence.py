"""Finds out whether the microphone hears the loudspeaker at all, by its level when a reply begins.

An echo canceller that finds no echo (headphones, or a browser that has cancelled it) suppresses the user instead: AEC3
took 10 to 40 dB of a voice away. When a reply begins the user is usually silent: then the level rises with the echo, or
stays at the room's. Pure; counts frames of 10 ms.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from audio.room.echo import FRAME

JUDGED_FRAMES = 80  # of sound at the beginning of a reply; an echo comes up to 0.5 s late
RISEN = 0.25  # share of them above the room's level that shows an echo
ABOVE_ROOM_DB = 8.0
ROOM_FRAMES, SMOOTHED_FRAMES = 300, 5  # the room's level is the least of the last 3 s, over 50 ms
NEW_REPLY_FRAMES = 100  # of silence before it
USUAL_ROOM = FRAME * 10 ** (-58 / 10)  # where nothing of the room was heard yet


class EchoPresence:
    """One microphone and one loudspeaker. Until a first reply has been judged there may be an echo."""

    def __init__(self) -> None:
        self.echoing = True
        self._room: deque[float] = deque(maxlen=ROOM_FRAMES)
        self._silent = NEW_REPLY_FRAMES
        self._judged = self._risen = 0
        self._threshold = 0.0

    def hear(self, energy: float, playing: bool) -> bool:
        """Takes the energy of one frame, and whether sound is played in it. Returns whether there is an echo."""
        if not playing:
            self._silent += 1
            self._room.append(energy)
            return self.echoing
        if self._silent >= NEW_REPLY_FRAMES:
            self._judged = self._risen = 0
            self._threshold = self._least() * 10 ** (ABOVE_ROOM_DB / 10)
        self._silent = 0
        if self._judged < JUDGED_FRAMES:
            self._judged += 1
            self._risen += energy > self._threshold
            if self._judged == JUDGED_FRAMES:
                self.echoing = self._risen > RISEN * JUDGED_FRAMES
        return self.echoing

    def _least(self) -> float:
        if len(self._room) < SMOOTHED_FRAMES:
            return USUAL_ROOM
        smoothed = np.convolve(np.array(self._room), np.ones(SMOOTHED_FRAMES) / SMOOTHED_FRAMES, "valid")
        return float(smoothed.min())
