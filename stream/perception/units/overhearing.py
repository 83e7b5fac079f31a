"""Stage: hears whether what the user says to an engine that hears is about the picture, so that it gets it in detail.

The words so far are recognised each second and in a pause, beside the engine, which has the sound itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from audio.chunk import Samples
from audio.transcribe import Transcript
from stream.perception.picture_detail import is_about_picture
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.video_perception import VideoPerception
from stream.runtime.queues import LatestOnly

log = logging.getLogger(__name__)


class Hear(Protocol):
    """The words in (n,) samples at 16 kHz of the turn that began then; quickly where they are `partial`."""

    def __call__(self, sound: Samples, start_s: float, partial: bool) -> Awaitable[Transcript]: ...


@dataclass(frozen=True, slots=True, eq=False)
class WordsSoFar:
    """The sound of the user's words so far: float32 (n,) at 16 kHz, of the turn that began at `start_s`."""

    samples: Samples
    start_s: float


class Overhearing:
    """The overhearing of one session."""

    def __init__(self, hear: Hear, feed: UnitFeed, video: VideoPerception) -> None:
        self._hear, self._feed, self._video = hear, feed, video
        self._queue: LatestOnly[WordsSoFar] = LatestOnly()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def wanted(self) -> bool:
        """Whether the words decide about a picture."""
        return self._video.camera and self._video.detail.level == "asked"

    def listen(self, words: WordsSoFar) -> None:
        """Takes the words so far; those before that were not heard yet are dropped."""
        self._idle.clear()
        self._queue.put(words)

    async def heard(self, patience_s: float) -> None:
        """Waits until the newest words are heard, or for `patience_s`."""
        try:
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Runs until cancelled. WordsSoFar that cannot be heard change nothing."""
        while True:
            words = await self._queue.get()
            try:
                heard = await self._hear(words.samples, words.start_s, True)
                if heard.text and is_about_picture(heard.text, heard.language):
                    self._feed.show_in_detail()
            except Exception:  # any fault: a coarse picture must not end a call
                log.warning("WordsSoFar were not overheard.", exc_info=True)
            if not len(self._queue):
                self._idle.set()
