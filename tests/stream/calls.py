"""Both ends of a session for tests: a microphone that is spoken into, an ear that keeps what came out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from audio.chunk import Chunk
from stream.runtime.events import AudioReceived, Expressed, State, StateChanged
from stream.session.session import Session

T = TypeVar("T")


@dataclass
class Call:
    """A session under test."""

    session: Session
    events: list[Expressed] = field(default_factory=list)
    out: list[np.ndarray] = field(default_factory=list)
    sent: int = 0

    async def lasts(self, seconds: float, loudness: float = 0.0, frames: int = 320) -> None:
        """So long of one loudness in the microphone, in real time."""
        await self.plays(np.full(round(seconds * 16_000), loudness, np.float32), frames)

    async def plays(self, sound: np.ndarray, frames: int = 320) -> None:
        """`sound` at 16 kHz into the microphone, in real time."""
        for start in range(0, len(sound) - frames + 1, frames):
            samples = sound[start : start + frames]
            self.session.push(AudioReceived(Chunk(samples, 16_000, self.sent)))
            self.sent += frames
            self.out.append(self.session.playback.pull(960))
            await asyncio.sleep(frames / 16_000)

    async def speaks(self, seconds: float) -> None:
        await self.lasts(seconds, 0.5)

    async def listens(self) -> None:
        async for event in self.session.events():
            self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def heard_s(self) -> float:
        """Seconds of our sound that went out."""
        return float(np.count_nonzero(np.concatenate(self.out))) / 48_000

    def states(self) -> list[State]:
        return [event.state for event in self.of(StateChanged)]
