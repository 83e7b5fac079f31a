"""Sends a recording through a live session, as if it came from a microphone and a camera, and keeps what comes out.

Reads only the event loop's clock: on a SkippingLoop the same runs as fast as the machine can think.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from dialogue.errors import EngineLost
from stream.runtime.events import AudioReceived, Expressed, FrameReceived, SessionEnded, State, StateChanged
from stream.session.session import Session
from vision.picture import Picture

OVER = "the recording is over"
OUT_RATE_HZ = 24_000
FRAME_S = 0.02
QUIET_AFTER_S = 2.0  # of listening after the recording: then nothing more will be said
LONGEST_ANSWER_S = 90.0


@dataclass
class Outcome:
    """`sound`: our voice at OUT_RATE_HZ, on the recording's own time line, silences included."""

    seconds: float = 0.0
    frames: list[Samples] = field(default_factory=list)

    @property
    def sound(self) -> Samples:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.float32)


class FileReplay:
    """One recording through one session."""

    def __init__(self, session: Session, tell: Callable[[Expressed, float], None]) -> None:
        self._session, self._tell = session, tell
        self._state = State.LISTENING
        self._busy_at = 0.0  # when somebody was last heard or speaking
        self._next = 0  # the sample with which the next chunk begins
        self.outcome = Outcome()

    async def run(self, perceived: Iterable[Chunk | Picture]) -> Outcome:
        """Until the recording, and the answer to its last question, have ended."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._session.run(), name="session")
            tasks.create_task(self._listen(), name="events")
            voice = tasks.create_task(self._keep_voice(), name="voice")
            try:
                await self._show(perceived)
                await self._fall_silent()
            finally:
                self.outcome.seconds = self._session.now()
                voice.cancel()
                self._session.close(OVER)
        return self.outcome

    async def _show(self, perceived: Iterable[Chunk | Picture]) -> None:
        began = self._session.now()
        for each in perceived:
            at = each.end_s if isinstance(each, Chunk) else each.at
            await asyncio.sleep(max(0.0, began + at - self._session.now()))
            if isinstance(each, Chunk):
                self._hear(each.samples)
            else:
                self._session.push(FrameReceived(replace(each, at=self._session.now())))

    async def _fall_silent(self) -> None:
        """A microphone goes on after the last word: silence is what ends a turn."""
        silence = np.zeros(round(HEARING_RATE_HZ * FRAME_S), np.float32)
        began = due = self._session.now()
        while True:
            now = self._session.now()
            if now - max(self._busy_at, began) > QUIET_AFTER_S or now - began > LONGEST_ANSWER_S:
                return
            self._hear(silence)
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - now))

    def _hear(self, samples: Samples) -> None:
        self._session.push(AudioReceived(Chunk(samples, HEARING_RATE_HZ, self._next)))
        self._next += len(samples)
        if self._state is not State.LISTENING:
            self._busy_at = self._session.now()

    async def _listen(self) -> None:
        async for event in self._session.events():
            if isinstance(event, SessionEnded) and event.reason != OVER:
                raise EngineLost(f"the session ended before the recording did ({event.reason})")
            if isinstance(event, StateChanged):
                self._state = event.state
                self._busy_at = self._session.now()
            self._tell(event, self._session.now())

    async def _keep_voice(self) -> None:
        due = self._session.now()
        while True:
            self.outcome.frames.append(self._session.playback.pull(round(OUT_RATE_HZ * FRAME_S)))
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - self._session.now()))
