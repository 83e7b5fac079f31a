"""Transcribes speech over the reply while it goes on, so that an "mm-hm" can be distinguished from an interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dialogue.languages.floor_words import is_backchannel_in
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.turns.events import OverlapTranscribed

# The first transcript must come before the decision that is made without words (`stream.turns.overlap.DECIDE_S`).
FIRST_AFTER_S, AGAIN_AFTER_S, UNSURE_AGAIN_AFTER_S = 0.2, 0.25, 0.1
# Confidence in words that are no backchannels: with less they are a guess at half a syllable, and more is heard first.
SURE = 0.2


class OverlapWords:
    """The words of one session's overlaps. `take` has the event decided."""

    def __init__(self, transcripts: SpeechTranscripts, take: Callable[[OverlapTranscribed], Awaitable[object]]) -> None:
        self._transcripts, self._take = transcripts, take
        self._since = self._covered_until = 0.0
        self._again_after_s = FIRST_AFTER_S

    def hear(self, since: float, voiced_until: float, tasks: asyncio.TaskGroup) -> None:
        """Speech over the reply since then, with speech until `voiced_until`, both in seconds of the stream."""
        if since != self._since:
            self._since, self._covered_until = since, since
            self._again_after_s = FIRST_AFTER_S
        if self._transcripts.busy or voiced_until - self._covered_until < self._again_after_s:
            return
        self._covered_until = voiced_until
        tasks.create_task(self._judge(since), name="overlap")

    async def _judge(self, since: float) -> None:
        heard = await self._transcripts.so_far(since)
        backchannel = is_backchannel_in(heard.text, heard.language)
        unsure = not backchannel and heard.confidence < SURE
        self._again_after_s = UNSURE_AGAIN_AFTER_S if unsure else AGAIN_AFTER_S
        await self._take(OverlapTranscribed(since, None if unsure else backchannel))
