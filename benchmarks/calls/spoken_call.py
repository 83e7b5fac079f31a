"""One call in real time over the live pipeline, without a browser: questions as sound, replies with their delays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk, Samples
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.runtime.events import AudioReceived, DeviceSwitched, Perceived, ReplyEnded, UserCaption
from stream.session.session import Session

FRAME_S = 0.02
OUT_RATE_HZ = 48_000
AUDIBLE = 0.01  # amplitude
WITHIN_S = 20.0
PAUSE_S = 0.5


@dataclass
class Answered:
    """What was heard of a question, what was said to it, and after how long the first sound came."""

    heard: str = ""
    said: str = ""
    delay_s: float | None = None


class SpokenCall:
    """One call. Each question is spoken once the reply to the one before has ended."""

    def __init__(self, parts: Parts, setup: Setup) -> None:
        self.session = Session("spoken", parts, setup, out_rate=OUT_RATE_HZ)
        self._sent = 0
        self._current, self._ended = Answered(), asyncio.Event()

    async def run(self, questions: Sequence[Samples], before: Sequence[Perceived] = ()) -> list[Answered]:
        """The answers to (n,) samples at 16 kHz each, whose speech ends where they end. `before` is what the page sends
        at first."""
        answers = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.session.run())
            tasks.create_task(self._listen())
            for event in (DeviceSwitched(camera=False), *before):
                self.session.push(event)
            for question in questions:
                self._current, self._ended = Answered(), asyncio.Event()
                await self._ask(question)
                answers.append(self._current)
            self.session.close("over")
        return answers

    async def _ask(self, question: Samples) -> None:
        frame = round(FRAME_S * HEARING_RATE_HZ)
        quiet = np.random.default_rng(0)
        spoken = np.pad(question, (round(PAUSE_S * HEARING_RATE_HZ), 0))
        began, number = self.session.now(), 0
        ends_at = began + len(spoken) / HEARING_RATE_HZ
        while not self._ended.is_set() and self.session.now() < ends_at + WITHIN_S:
            part = spoken[number * frame : (number + 1) * frame]
            sound = np.pad(part, (0, frame - len(part))) + quiet.standard_normal(frame).astype(np.float32) * 3e-4
            self.session.push(AudioReceived(Chunk(sound.astype(np.float32), HEARING_RATE_HZ, self._sent)))
            self._sent += frame
            played = self.session.playback.pull(round(OUT_RATE_HZ * FRAME_S))
            if self._current.delay_s is None and self.session.now() > ends_at and np.abs(played).max() > AUDIBLE:
                self._current.delay_s = self.session.now() - ends_at
            number += 1
            await asyncio.sleep(max(0.0, began + number * FRAME_S - self.session.now()))

    async def _listen(self) -> None:
        async for event in self.session.events():
            match event:
                case UserCaption(text=text, final=True) if text:
                    self._current.heard = text
                case ReplyEnded(said=text) if text:
                    self._current.said = text
                    self._ended.set()
