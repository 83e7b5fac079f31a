"""Knows whether the microphone hears the loudspeaker at all, and whether what is heard now is our own voice.

An echo canceller that finds no echo (headphones, or a browser that has cancelled it) suppresses the user instead: AEC3
took 10 to 40 dB of a voice away. Pure; the correlation is computed only where it is asked for, or every EVERY frames.
"""

from __future__ import annotations

from collections import deque

from audio.chunk import Samples
from audio.room.own_sound import NO_MATCH, WINDOW_FRAMES, LastFrames, Match, OwnSound

# Scores of `Match`. FOUND shows our sound at whatever delay, AGAIN at a delay at which it was found before.
FOUND, AGAIN = 14.0, 10.0
EVERY = 10  # frames from one look for an echo to the next
APART, REMEMBERED = 2, 10  # looks: two finds of an echo have APART and more between them, and REMEMBERED at most
FIRST_LOOKS, LOOKS = 20, 40  # while our voice sounds, without an echo, that show that there is none
FRESH = 5  # frames for which an answer about the present holds


class EchoPresence:
    """One microphone and one loudspeaker. Until the first looks there may be an echo.

    `delay`: of the echo, in samples; None before one was found.
    """

    def __init__(self) -> None:
        self.echoing = True
        self.delay: int | None = None
        self._own, self._unseen = OwnSound(), LOOKS - FIRST_LOOKS
        self._heard, self._passed_on = LastFrames(WINDOW_FRAMES), LastFrames(WINDOW_FRAMES)
        self._finds: deque[Match] = deque(maxlen=REMEMBERED)
        self._frames, self._asked_at = 0, -FRESH
        self._now = NO_MATCH

    def hear(self, heard: Samples, left: Samples, played: Samples) -> Samples:
        """Takes a frame as the microphone had it, without the echo, and as it was played, (FRAME,) float32 each.

        Returns what is to be passed on: the first, or the second where there is an echo.
        """
        self._own.play(played)
        self._heard.push(heard)
        self._frames += 1
        if self._frames % EVERY == 0:
            self._look(self._own.find(self._heard.all()))
        passed_on = left if self.echoing else heard
        self._passed_on.push(passed_on)
        return passed_on

    def is_own(self) -> bool:
        """Whether what was passed on lately is our voice: an echo begins, or has changed."""
        if self._frames - self._asked_at >= FRESH:
            self._asked_at, self._now = self._frames, self._own.find(self._passed_on.all())
        known = self.delay is not None and self._now.is_at(self.delay)
        return self._now.score >= (AGAIN if known else FOUND)

    def _look(self, match: Match) -> None:
        if match is NO_MATCH:
            return  # nothing is played
        earlier = list(self._finds)[:-APART] if match.score >= FOUND else []
        if any(find.score >= FOUND and match.is_at(find.delay) for find in earlier):
            self.echoing, self.delay, self._unseen = True, match.delay, 0
        else:
            self._unseen += 1
            self.echoing = self.echoing and self._unseen < LOOKS
        self._finds.append(match)
