"""Transcribes speech over the reply while it goes on, so that an "mm-hm" can be distinguished from an interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from audio.transcribe import Transcript
from dialogue.languages.floor_words import asks_for_floor, is_backchannel_in
from dialogue.text.unspaced import is_unspaced
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.turns.events import OverlapTranscribed

# The first transcript should come before the reply falls silent (`stream.turns.overlap.CONFIRM_S`).
FIRST_AFTER_S, AGAIN_AFTER_S = 0.13, 0.1
# Confidence in words that are no backchannels: with less they are a guess at a hum or half a syllable, and more is
# heard first. Among 64 backchannels in eight voices, "mm-hm" and "uh-huh" became "Mummy", "It's hot" or "Bye bye" with
# up to 0.5; three words and more were sure at less. No words yet, or a doubtful "okay", are the beginning of anything.
SURE, SURE_OF_MANY, MANY, SURE_OF_BACKCHANNEL = 0.5, 0.4, 3, 0.25
CHARACTERS = 2  # of a word, where no spaces are written


class OverlapWords:
    """The words of one session's overlaps. `take` has the event decided."""

    def __init__(self, transcripts: SpeechTranscripts, take: Callable[[OverlapTranscribed], Awaitable[object]]) -> None:
        self._transcripts, self._take = transcripts, take
        self._since = self._covered_until = 0.0

    def hear(self, since: float, voiced_until: float, tasks: asyncio.TaskGroup) -> None:
        """Speech over the reply since then, with speech until `voiced_until`, both in seconds of the stream."""
        after_s = AGAIN_AFTER_S
        if since != self._since:
            self._since, self._covered_until, after_s = since, since, FIRST_AFTER_S
        if self._transcripts.busy or voiced_until - self._covered_until < after_s:
            return
        self._covered_until = voiced_until
        self.end(since, tasks)

    def end(self, since: float, tasks: asyncio.TaskGroup) -> None:
        """The speech is over for now: all of its words are wanted."""
        tasks.create_task(self._judge(since), name="overlap")

    async def _judge(self, since: float) -> None:
        heard = await self._transcripts.so_far(since)
        await self._take(OverlapTranscribed(since, are_backchannels(heard)))


def are_backchannels(heard: Transcript) -> bool | None:
    """Whether the words are; None where that is not sure."""
    if is_backchannel_in(heard.text, heard.language):
        return True if heard.confidence >= SURE_OF_BACKCHANNEL else None
    words = len(heard.text) // CHARACTERS if is_unspaced(heard.text) else len(heard.text.split())
    enough = SURE_OF_MANY if words >= MANY else SURE
    return False if heard.confidence >= enough or asks_for_floor(heard.text, heard.language) else None
