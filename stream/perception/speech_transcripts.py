"""Transcribes the user's speech while it goes on, so that its words are known when the turn ends.

Each transcript covers the turn from its beginning. The newest one is the final one if nothing was said since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from audio.chunk import Samples
from audio.transcribe import EMPTY_TRANSCRIPT, Transcript
from stream.perception.audio_buffer import AudioBuffer
from stream.turns.decisions import SpokenQuestion

# A transcript includes this much sound after the last speech that VAD detects: the end of a word may be quiet.
TRAILING_S = 0.03


@dataclass(frozen=True, eq=False)
class _Transcript:
    """A transcript that is made or was made, of the sound from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    text: asyncio.Task[Transcript]
    partial: bool


class SpeechTranscripts:
    """The transcripts of one session, made one at a time on the ASR thread.

    `hear` returns the words in (n,) samples at 16 kHz of the turn from a time of the stream on, on the ASR thread, and
    whether that is a partial transcript.
    `is_ours` returns whether words heard from a time of the stream on are our own, from the loudspeaker: they are no
    transcript.
    """

    def __init__(
        self,
        hear: Callable[[Samples, float, bool], Awaitable[Transcript]],
        sound: AudioBuffer,
        is_ours: Callable[[str, float], bool] = lambda _words, _start_s: False,
    ) -> None:
        self._hear, self._sound, self._is_ours = hear, sound, is_ours
        self._newest: _Transcript | None = None
        self._tasks: set[asyncio.Task[Transcript]] = set()

    def close(self) -> None:
        """Drops what was not transcribed yet."""
        for task in self._tasks:
            task.cancel()

    @property
    def busy(self) -> bool:
        """Whether a transcript is being made."""
        return self._newest is not None and not self._newest.text.done()

    def covers(self, began_at: float, stopped_at: float) -> bool:
        """Whether the newest transcript is one of all that was said from `began_at` to `stopped_at`."""
        newest = self._newest
        return (
            newest is not None
            and not newest.partial
            and newest.start_s == self._sound.with_pre_roll(began_at)
            and newest.end_s >= stopped_at + TRAILING_S
            and not newest.text.cancelled()
        )

    async def partial(self, began_at: float, longest_s: float) -> str:
        """The words since `began_at`; in a longer turn those of the last `longest_s` seconds, after an ellipsis.

        It is given up, and the awaiting task cancelled, as soon as another transcript is wanted.
        """
        start = self._sound.with_pre_roll(began_at)
        shown_from = max(start, self._sound.end_s - longest_s)
        text = (await self._made(shown_from, self._sound.end_s, partial=True)).text
        return text if shown_from == start or not text else f"… {text}"

    async def so_far(self, began_at: float) -> Transcript:
        """The words since `began_at`. It is given up, and the awaiting task cancelled, as soon as more was said."""
        self._drop_newest()
        return await self._made(self._sound.with_pre_roll(began_at), self._sound.end_s)

    async def final(self, said: SpokenQuestion) -> Transcript:
        """The words of the question; at once where the newest transcript covers it."""
        if self.covers(said.began_at, said.stopped_at):
            assert self._newest is not None
            return await asyncio.shield(self._newest.text)
        self._drop_newest()
        return await self._made(self._sound.with_pre_roll(said.began_at), said.until)

    def sound(self, said: SpokenQuestion) -> Samples:
        """The sound of the question."""
        return self._sound.between(self._sound.with_pre_roll(said.began_at), said.stopped_at + TRAILING_S)

    def user_goes_on(self) -> None:
        """What was said so far is not all of it: a transcript of that is not continued."""
        if self.busy and self._newest is not None and not self._newest.partial:
            self._drop_newest()

    def _drop_newest(self) -> None:
        """Drops the newest transcript, after its present step."""
        if self._newest is not None:
            self._newest.text.cancel()

    async def _made(self, start_s: float, end_s: float, *, partial: bool = False) -> Transcript:
        task = asyncio.create_task(self._transcribe(start_s, end_s, partial), name="transcript")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._newest = _Transcript(start_s, end_s, task, partial)
        return await asyncio.shield(task)

    async def _transcribe(self, start_s: float, end_s: float, partial: bool) -> Transcript:
        heard = await self._hear(self._sound.between(start_s, end_s), start_s, partial)
        return EMPTY_TRANSCRIPT if self._is_ours(heard.text, start_s) else heard
