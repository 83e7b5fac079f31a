"""Stage: writes down what the user said to an engine that hears, for the captions and the engine's log.

After the fact, on the ears' thread: nothing waits for it, and the engine's model goes by what it has heard itself. When
it is late the oldest utterance is not written down; when it fails the call goes on without captions.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from audio.chunk import Samples
from audio.models import Recogniser
from dialogue.blocks import TranscriptBlock
from dialogue.engine import Engine
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice, UserCaption
from stream.runtime.lanes import DropOldest
from stream.runtime.link import Link

log = logging.getLogger(__name__)

LANE_UTTERANCES = 4

FAILED = "What you say could not be written down just now; you were heard all the same, and the call goes on."


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """What the user said in a turn, from `start` to `end` on the session clock: (n,) samples at 16 kHz."""

    turn: int
    samples: Samples
    start: float
    end: float


class CaptionTranscriber:
    """One session's."""

    def __init__(self, transcriber: Recogniser, thread: DeviceThread, engine: Engine, link: Link) -> None:
        self._transcriber, self._thread, self._engine, self._link = transcriber, thread, engine, link
        self.lane: DropOldest[Utterance] = DropOldest(LANE_UTTERANCES)
        self._newest: Utterance | None = None
        self._has_failed = False

    def write(self, utterance: Utterance) -> None:
        """The user has come to an end of saying it."""
        self._newest = utterance
        self.lane.put(utterance)

    def take_back(self, turn: int) -> None:
        """The user goes on, or said nothing after all: what was written down of that turn is void."""
        if self._newest is not None and self._newest.turn == turn:
            self.lane.put(replace(self._newest, samples=np.zeros(0, np.float32)))
            self._newest = None

    async def run(self) -> None:
        """Until the lane is closed."""
        while True:
            utterance = await self.lane.get()
            try:
                await self._write_down(utterance)
            except Exception:  # whatever it is: captions are not worth a call
                log.warning("an utterance was not written down", exc_info=True)
                if not self._has_failed:
                    self._link.emit(Notice("warning", "not_written_down", FAILED))
                self._has_failed = True

    async def _write_down(self, utterance: Utterance) -> None:
        taken_back = not len(utterance.samples)
        text = "" if taken_back else (await self._thread.run(self._transcriber.transcribe, utterance.samples)).text
        if text or taken_back:
            self._link.emit(UserCaption(utterance.turn, text, final=not taken_back))
            await self._engine.feed(TranscriptBlock(text, utterance.start, utterance.end))
