"""Takes our own voice out of the microphone's stream before anything else processes it.

The reference is what was sent, read at the time at which the far end plays it. Where nothing was played lately, or no
echo is heard, the sound passes unchanged.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.room.echo import FRAME, Canceller
from audio.room.echo_presence import EchoPresence
from stream.playout.played_sound import PlayedSound

# The far end's measured playout delay is followed in steps, since every move of the reference costs the canceller its
# alignment; some of it stays in reserve, because the reference must not be later than its echo.
STEP_S, RESERVE_S = 0.1, 0.06
TAIL_S = 1.0  # after the last sound: the longest delay and the room's reverberation
FRAMES_KEPT = 64
OWN_DB = 20.0  # where so much was taken away, what is left is a remainder of our voice


@dataclass(frozen=True, slots=True)
class _EnergyFrame:
    """Energies of 10 ms that end at sample `end`: as the microphone had it, and without the echo."""

    end: int
    heard: float
    left: float


class EchoCancellation:
    """The echo cancellation of one session."""

    def __init__(self, canceller: Canceller, played: PlayedSound) -> None:
        self._canceller, self._played = canceller, played
        self._presence = EchoPresence()
        self._pending: Samples = np.zeros(0, np.float32)
        self._next: int | None = None
        self._lead = 0  # samples by which the reference is read earlier
        self._frames: deque[_EnergyFrame] = deque(maxlen=FRAMES_KEPT)

    def clean(self, chunk: Chunk, at: float, playout_s: float) -> Chunk:
        """`chunk` without our voice; its first sample was heard `at` on the session clock. Keeps up to 10 ms back."""
        if chunk.start != self._next:
            self._pending = self._pending[:0]
        self._next = chunk.end
        samples = np.concatenate([self._pending, chunk.samples])
        start, at = chunk.end - len(samples), at - len(self._pending) / HEARING_RATE_HZ
        if at > self._played.sounded_until + playout_s + TAIL_S:
            self._pending = self._pending[:0]
            return Chunk(samples, chunk.rate, start)
        self._follow(playout_s)
        whole = len(samples) // FRAME * FRAME
        self._pending = samples[whole:]
        from_index = round(at * HEARING_RATE_HZ) - self._lead
        reference = self._played.between(from_index, from_index + whole)
        left = [
            self._one_frame(samples[place : place + FRAME], reference[place : place + FRAME], start + place + FRAME)
            for place in range(0, whole, FRAME)
        ]
        return Chunk(np.concatenate(left) if left else samples[:0], chunk.rate, start)

    def explains(self, start_s: float, end_s: float) -> bool:
        """Whether our own voice is what the microphone heard between these times of its stream."""
        start, end = round(start_s * HEARING_RATE_HZ), round(end_s * HEARING_RATE_HZ)
        frames = [frame for frame in self._frames if start < frame.end <= end]
        heard, left = sum(frame.heard for frame in frames), sum(frame.left for frame in frames)
        return left < heard * 10 ** (-OWN_DB / 10) or (bool(frames) and self._presence.is_own())

    def _follow(self, playout_s: float) -> None:
        wanted_s = max(0.0, playout_s - RESERVE_S)
        if abs(wanted_s - self._lead / HEARING_RATE_HZ) > STEP_S:
            self._lead = round(wanted_s * HEARING_RATE_HZ)

    def _one_frame(self, heard: Samples, played: Samples, end: int) -> Samples:
        passed_on = self._presence.hear(heard, self._canceller.cancel(heard, played), played)
        self._frames.append(_EnergyFrame(end, _energy(heard), _energy(passed_on)))
        return passed_on


def _energy(samples: Samples) -> float:
    return float(np.dot(samples, samples))
