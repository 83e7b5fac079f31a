"""Stage: runs a full-duplex engine that is elsewhere. Sound goes there as it comes; what it says comes when it comes.

While it is lost the call goes on: the voice of this machine says so once, the page shows why, and the connection is
tried again.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from dialogue.engine import AnswersUnasked, UnitAnswer
from dialogue.errors import BadInput, EngineLost
from dialogue.remote.retries import Unavailable
from stream.playout.speech_text_alignment import SpeechTextAlignment
from stream.replies.full_duplex import DuplexReply, FullDuplex
from stream.runtime.events import ContextShown, Notice, ReplyText

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0)  # before the connection is tried again
REFUSED_S = 60.0  # the same, where the server refuses
AHEAD_S, LOOK_S = 60.0, 0.2  # of sound that waits; more of it waits with the server
LOST = "I have lost the connection to my server. I am trying to reach it again."
REFUSED = "My server refuses me. The page shows why."
BACK = "The realtime server answers again."


class FarDuplex(FullDuplex):
    """The reply stage of one session."""

    def __init__(self, **dependencies: Any) -> None:
        super().__init__(**dependencies)
        self._alignment = SpeechTextAlignment()  # of the current reply
        self._failures = 0  # since the server was there
        self._reported = ""  # its last problem

    async def _process_units(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="spoken")
            while True:
                unit = await self._unit_prefill.feed.queue.get()
                await self._unit_prefill.take(unit, listen=self._must_listen())

    async def _follow(self) -> None:
        """Says what the engine says."""
        engine = cast(AnswersUnasked, self._engine)
        while True:
            try:
                answer = await engine.spoken()
            except EngineLost as lost:
                await self._tell(lost)
                may_pass = isinstance(lost, Unavailable)
                await asyncio.sleep(PAUSES_S[min(self._failures, len(PAUSES_S)) - 1] if may_pass else REFUSED_S)
                continue
            except BadInput as odd:
                self._report(str(odd))
                continue
            self._reported = ""
            if answer.listening:
                self._connected()
            elif not self._interrupted:
                await self._say(answer)
                await self._wait_for_playback()

    def _report(self, problem: str) -> None:
        """Shows a problem of the server once in a row: a queue repeats itself."""
        if problem != self._reported:
            self._link.emit(Notice("warning", "realtime_server", problem))
        self._reported = problem

    def _connected(self) -> None:
        if self._failures:
            self._link.emit(Notice("info", "server_back", BACK))
        self._failures = 0

    async def _tell(self, lost: EngineLost) -> None:
        """Shows and says that the server is lost, once."""
        self._failures += 1
        if self._failures > 1:
            return
        self._link.emit(Notice("error", "server_lost", str(lost)))
        words = LOST if isinstance(lost, Unavailable) else REFUSED
        reply = self.reply or self._begin()
        self._playback.go_on(reply.turn)
        self._end_sound(reply)
        said = f" {words}" if reply.said else words
        reply.said += said
        self._link.emit(ReplyText(reply.turn, said))
        self._add(reply, await self._speech.say(said))
        self._playback.complete(reply.turn)

    async def _wait_for_playback(self) -> None:
        """Leaves the rest of a long reply with the server, until it is interrupted."""
        while self._playback.waiting_s() > AHEAD_S:  # noqa: ASYNC110 - sound that plays wakes nobody here
            await asyncio.sleep(LOOK_S)

    def _begin(self) -> DuplexReply:
        self._alignment = SpeechTextAlignment()
        return super()._begin()

    def _play_own_sound(self, reply: DuplexReply, answer: UnitAnswer) -> None:
        """Words come ahead of their sound, or behind it: which ones are heard is estimated."""
        self._alignment.write(answer.text)
        if answer.sound is not None:
            samples = self._resampled(reply, answer.sound)
            self._add(reply, self._alignment.piece(samples, self._playback.rate))
        if answer.turn_over:
            self._end_sound(reply)

    def _end_sound(self, reply: DuplexReply) -> None:
        if reply.resampler is not None:
            self._add(reply, self._alignment.end(reply.resampler.flush(), self._playback.rate))

    async def _close(self) -> None:
        await super()._close()
        self._link.emit(ContextShown(self._engine.context()))
