"""Drives a session in tests: sends microphone sound, keeps the events and the outgoing sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from audio.chunk import Chunk
from stream.runtime.events import AudioReceived, Expressed, State, StateChanged
from stream.session.session import Session

T = TypeVar("T")


def syllables(seconds: float) -> np.ndarray:
    """The envelope of speech, 1 but for 0.2 s in the middle of each second: float32 (n,) at 16 kHz."""
    at = np.arange(round(seconds * 16_000)) % 16_000
    return np.where((at < 6_400) | (at >= 9_600), 1.0, 0.25).astype(np.float32)


@dataclass
class SessionCall:
    """A session under test."""

    session: Session
    events: list[Expressed] = field(default_factory=list)
    out: list[np.ndarray] = field(default_factory=list)
    sent: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the session inside the block and keeps its events; the session is closed at the end of the block."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.listens())
            running = tasks.create_task(self.session.run())
            yield
            self.session.close("over")
            await running

    async def lasts(self, seconds: float, loudness: float = 0.0, frames: int = 320) -> None:
        """Sends `seconds` of constant loudness, in real time."""
        await self.plays(np.full(round(seconds * 16_000), loudness, np.float32), frames)

    async def plays(self, sound: np.ndarray, frames: int = 320) -> None:
        """Sends `sound` at 16 kHz as microphone input, in real time."""
        for start in range(0, len(sound) - frames + 1, frames):
            samples = sound[start : start + frames]
            self.session.push(AudioReceived(Chunk(samples, 16_000, self.sent)))
            self.sent += frames
            self.out.append(self.session.playback.pull(960))
            await asyncio.sleep(frames / 16_000)

    async def speaks(self, seconds: float) -> None:
        """Loud, with a quiet syllable each second: what never gets quieter is the room, not a person."""
        await self.plays(np.full(round(seconds * 16_000), 0.5, np.float32) * syllables(seconds))

    async def listens(self) -> None:
        async for event in self.session.events():
            self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def heard_s(self) -> float:
        """Seconds of reply sound that were played."""
        return float(np.count_nonzero(np.concatenate(self.out))) / 48_000

    def states(self) -> list[State]:
        return [event.state for event in self.of(StateChanged)]
