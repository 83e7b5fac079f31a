"""Moves sound between a program and a session in real time: a frame of 20 ms in each direction.

Sound that comes faster than real time waits; where none is left, the session waits for LATE_S and then hears silence.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from audio.resample import Resampler
from dialogue.errors import BadInput
from stream.runtime.events import AudioReceived

if TYPE_CHECKING:
    from stream.session.session import Session

FRAME_S = 0.02
LONGEST_QUEUE_S = 120.0  # of sound that waits to be heard
LATE_S = 0.15  # by which sound may be late: silence in a word would make it another one

OnVoice = Callable[[Samples], None]  # sound of a reply, at the rate of the session's playback


class SoundPump:
    """The sound of one session. The voice goes to `on_voice` while the session is `aloud`; else it is discarded, and
    replies end as soon as they are generated.

    `hears_silence`: the model takes sound every second, so it hears silence when no sound is sent.
    """

    def __init__(self, session: Session, *, on_voice: OnVoice, aloud: Callable[[], bool], hears_silence: bool) -> None:
        self._session, self._on_voice, self._aloud, self._hears_silence = session, on_voice, aloud, hears_silence
        self._resampler: Resampler | None = None
        self._sound: deque[Samples] = deque()
        self._waiting = 0  # samples
        self._sounded_at = float("-inf")  # when there was sound last, on the session clock

    @property
    def waiting_s(self) -> float:
        """Seconds of sound that wait to be heard."""
        return self._waiting / HEARING_RATE_HZ

    def add(self, sound: Chunk) -> None:
        """Adds sound of the microphone. Raises BadInput when too much waits."""
        if self._resampler is None or self._resampler.rate_in != sound.rate:
            self._resampler = Resampler(sound.rate, HEARING_RATE_HZ)
        if self.waiting_s > LONGEST_QUEUE_S:
            raise BadInput(f"{LONGEST_QUEUE_S:.0f} seconds of sound are waiting. Send sound in real time.")
        samples = self._resampler.push(sound.samples)
        if len(samples):
            self._sound.append(samples)
            self._waiting += len(samples)

    def clear(self) -> None:
        """Drops the sound that waits."""
        self._sound.clear()
        self._waiting = 0

    async def run(self) -> None:
        """Runs until cancelled; after a delay it moves every frame that is due."""
        session, per_frame = self._session, round(HEARING_RATE_HZ * FRAME_S)
        due, index = session.now(), 0
        while True:
            if self._waiting >= per_frame:
                self._sounded_at = session.now()
            late = session.now() - self._sounded_at < LATE_S and self._waiting < per_frame
            # Without any sound yet, no microphone exists.
            if not late and (index or self._sound or self._hears_silence):
                session.push(AudioReceived(Chunk(self._frame(per_frame), HEARING_RATE_HZ, index)))
                index += per_frame
            self._pull()
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - session.now()))

    def _frame(self, length: int) -> Samples:
        """The next `length` samples of the sound that waits, filled up with silence."""
        frame, filled = np.zeros(length, np.float32), 0
        while filled < length and self._sound:
            head = self._sound.popleft()
            taken = head[: length - filled]
            frame[filled : filled + len(taken)] = taken
            filled += len(taken)
            if len(taken) < len(head):
                self._sound.appendleft(head[len(taken) :])
        self._waiting -= filled
        return frame

    def _pull(self) -> None:
        playback = self._session.playback
        if not self._aloud():
            playback.pull(playback.rate)  # counts as heard at once
            return
        before = playback.waiting_s()
        samples = playback.pull(round(playback.rate * FRAME_S))
        if before > 0.0 and playback.waiting_s() != before:  # otherwise playback is held
            self._on_voice(samples)
