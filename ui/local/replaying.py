"""Sends a recording through a live session like the input of a microphone and a camera, and keeps the output.

Reads only the event loop's clock, so that on a SkippingLoop pauses take no time.
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
QUIET_AFTER_S = 2.0  # of listening after the recording: then the conversation is over
LONGEST_ANSWER_S = 90.0


@dataclass
class Outcome:
    """The output. `sound` is the assistant's voice at OUT_RATE_HZ, on the recording's time line, with silences."""

    seconds: float = 0.0
    frames: list[Samples] = field(default_factory=list)

    @property
    def sound(self) -> Samples:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.float32)


class FileReplay:
    """Sends one recording through one session; `show` is called with each event and its time."""

    def __init__(self, session: Session, show: Callable[[Expressed, float], None]) -> None:
        self._session, self._show = session, show
        self._state = State.LISTENING
        self._busy_at = 0.0  # when the user or the assistant was last active
        self._next = 0  # first sample of the next chunk
        self._began = 0.0  # of the recording, on the session's clock
        self.outcome = Outcome()

    async def run(self, perceived: Iterable[Chunk | Picture]) -> Outcome:
        """Runs until the recording, and the answer to its last question, have ended."""
        self._began = self._session.now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._session.run(), name="session")
            tasks.create_task(self._listen(), name="events")
            voice = tasks.create_task(self._record_voice(), name="voice")
            try:
                await self._play(perceived)
                await self._play_silence()
            finally:
                self.outcome.seconds = self._session.now() - self._began
                voice.cancel()
                self._keep_voice(self.outcome.seconds)
                self._session.close(OVER)
        return self.outcome

    async def _play(self, perceived: Iterable[Chunk | Picture]) -> None:
        for each in perceived:
            at = each.end_s if isinstance(each, Chunk) else each.at
            await asyncio.sleep(max(0.0, self._began + at - self._session.now()))
            if isinstance(each, Chunk):
                self._hear(each.samples)
            else:
                self._session.push(FrameReceived(replace(each, at=self._session.now())))

    async def _play_silence(self) -> None:
        """Sends silence after the recording, like a microphone: silence ends a turn."""
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
                raise EngineLost(f"The session ended before the recording ({event.reason}).")
            if isinstance(event, StateChanged):
                self._state = event.state
                self._busy_at = self._session.now()
            self._show(event, self._session.now())

    async def _record_voice(self) -> None:
        while True:
            self._keep_voice(self._session.now() - self._began + FRAME_S)
            kept_s = len(self.outcome.frames) * FRAME_S
            await asyncio.sleep(max(0.0, self._began + kept_s - self._session.now()))

    def _keep_voice(self, until_s: float) -> None:
        """Keeps the output up to `until_s` after the start, also where the loop was late."""
        while len(self.outcome.frames) * FRAME_S < until_s - FRAME_S / 2:
            self.outcome.frames.append(self._session.playback.pull(round(OUT_RATE_HZ * FRAME_S)))
