"""Stage: transcribes what the user said to an engine that hears, for captions and the engine's log.

It runs afterwards, on the ASR thread, and nothing waits for it: the engine's model has the sound itself. When it is
late the oldest utterance is skipped; when it fails the call goes on without captions.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import numpy as np

from audio.chunk import Samples
from audio.transcribe import Transcript
from dialogue.blocks import TranscriptBlock
from dialogue.engine import Engine
from stream.runtime.events import Notice, UserCaption
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest

log = logging.getLogger(__name__)

UTTERANCE_QUEUE_SIZE = 4

# The words in (n,) samples at 16 kHz of the turn that began then.
Hear = Callable[[Samples, float], Awaitable[Transcript]]

FAILED = "What you said could not be transcribed for the captions. The model heard it, and the call goes on."


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """The user's speech in a turn, from `start` to `end` on the session clock: float32 (n,) at 16 kHz."""

    turn: int
    samples: Samples
    start: float
    end: float


class CaptionTranscriber:
    """Transcribes the utterances of one session."""

    def __init__(self, hear: Hear, engine: Engine, link: Link) -> None:
        self._hear, self._engine, self._link = hear, engine, link
        self.queue: DropOldest[Utterance] = DropOldest(UTTERANCE_QUEUE_SIZE)
        self._newest: Utterance | None = None
        self._has_failed = False

    def write(self, utterance: Utterance) -> None:
        """Queues an utterance that has ended."""
        self._newest = utterance
        self.queue.put(utterance)

    def take_back(self, turn: int) -> None:
        """Voids the caption of that turn: the user goes on, or said nothing."""
        if self._newest is not None and self._newest.turn == turn:
            self.queue.put(replace(self._newest, samples=np.zeros(0, np.float32)))
            self._newest = None

    async def run(self) -> None:
        """Runs until the queue is closed."""
        while True:
            utterance = await self.queue.get()
            try:
                await self._transcribe(utterance)
            except Exception:  # any fault: missing captions must not end a call
                log.warning("An utterance was not transcribed.", exc_info=True)
                if not self._has_failed:
                    self._link.emit(Notice("warning", "not_written_down", FAILED))
                self._has_failed = True

    async def _transcribe(self, utterance: Utterance) -> None:
        taken_back = not len(utterance.samples)
        text = "" if taken_back else (await self._hear(utterance.samples, utterance.start)).text
        if text or taken_back:
            self._link.emit(UserCaption(utterance.turn, text, final=not taken_back))
            await self._engine.feed(TranscriptBlock(text, utterance.start, utterance.end))
