"""Transcribes the user's speech while it goes on, so that its words are known when the turn ends.

Each transcript covers the turn from its beginning. The newest one is the final one if nothing was said since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from audio.chunk import Samples
from audio.transcribe import EMPTY_TRANSCRIPT, Transcript
from stream.perception.audio_buffer import AudioBuffer
from stream.turns.decisions import SpokenQuestion

# A transcript includes this much sound after the last speech that VAD detects: the end of a word may be quiet.
TRAILING_S = 0.03

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class _Transcript:
    """A transcript that is made or was made, of the sound from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    text: asyncio.Task[Transcript]
    partial: bool


class VoiceOfTalker(Protocol):
    """Knows the voice of the person who talks with us (`stream.perception.known_talker.KnownTalker`)."""

    async def is_another(self, samples: Samples) -> bool: ...
    async def learn(self, samples: Samples) -> None: ...


class SpeechTranscripts:
    """The transcripts of one session, made one at a time on the ASR thread.

    `hear` returns the words in (n,) samples at 16 kHz of the turn from a time of the stream on, on the ASR thread, and
    whether that is a partial transcript.
    `is_ours` returns whether words heard from a time of the stream on are our own, from the loudspeaker: they are no
    transcript, and neither are those of another voice than the `talker`'s.
    """

    def __init__(
        self,
        hear: Callable[[Samples, float, bool], Awaitable[Transcript]],
        sound: AudioBuffer,
        is_ours: Callable[[str, float], bool] = lambda _words, _start_s: False,
        talker: VoiceOfTalker | None = None,
    ) -> None:
        self._hear, self._sound, self._is_ours, self._talker = hear, sound, is_ours, talker
        self._newest: _Transcript | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

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

    def answered(self, said: SpokenQuestion) -> None:
        """An answer to the question was heard: its voice is that of the person who talks with us."""
        if self._talker is not None:
            self._begun(self._talker.learn(self.sound(said)), "voice")

    def user_goes_on(self) -> None:
        """What was said so far is not all of it: a transcript of that is not continued."""
        if self.busy and self._newest is not None and not self._newest.partial:
            self._drop_newest()

    def _drop_newest(self) -> None:
        """Drops the newest transcript, after its present step."""
        if self._newest is not None:
            self._newest.text.cancel()

    async def _made(self, start_s: float, end_s: float, *, partial: bool = False) -> Transcript:
        task = self._begun(self._transcribe(start_s, end_s, partial), "transcript")
        self._newest = _Transcript(start_s, end_s, task, partial)
        return await asyncio.shield(task)

    async def _transcribe(self, start_s: float, end_s: float, partial: bool) -> Transcript:
        sound = self._sound.between(start_s, end_s)
        heard = await self._hear(sound, start_s, partial)
        if self._is_ours(heard.text, start_s):
            return EMPTY_TRANSCRIPT
        another = heard.text and self._talker is not None and await self._talker.is_another(sound)
        return EMPTY_TRANSCRIPT if another else heard

    def _begun(self, work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
