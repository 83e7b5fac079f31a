"""Stage: follows our sound on its way to the user's ears and tells everybody how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from stream.playout.playback import Playback
from stream.runtime.budget import TurnTiming
from stream.runtime.events import ReplyHeard, TurnTimed
from stream.runtime.link import Link
from stream.turns.floor import Floor


class SpokenReply(Protocol):
    """A reply as far as it is played."""

    turn: int
    timing: TurnTiming
    committed: bool


class ReplySource(Protocol):
    """Who makes replies; `stream.replies.answering.Answering` is one."""

    @property
    def reply(self) -> SpokenReply | None: ...


class PacedPlayout:
    """Woken by the playback, from whatever thread pulls its sound."""

    def __init__(
        self, playback: Playback, floor: Floor, answering: ReplySource, budget_s: Mapping[str, float], link: Link
    ) -> None:
        self._playback, self._floor, self._answering, self._link = playback, floor, answering, link
        self._budget_s = budget_s
        self._loop = asyncio.get_running_loop()
        self._moved = asyncio.Event()
        self._sounding = 0  # the turn whose sound was last announced
        self._shown = 0  # characters of it
        playback.on_moved = self._wake

    def _wake(self) -> None:
        """Safe from any thread, also after the session has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._moved.set)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            turn = self._floor.turns.turn
            if self._playback.sent_s(turn) > 0:
                self._announce(turn)
                self._tell_heard(turn)
            if self._playback.drained(turn) and self._committed(turn):
                await self._finish(turn)

    def _committed(self, turn: int) -> bool:
        reply = self._answering.reply
        return reply is not None and reply.turn == turn and reply.committed

    def _announce(self, turn: int) -> None:
        """The first sound of a reply has gone out."""
        reply = self._answering.reply
        if turn == self._sounding or reply is None or reply.turn != turn:
            return
        self._sounding, self._shown = turn, 0
        now = self._link.now()
        reply.timing.mark("first_sound_sent", now)
        reply.timing.mark("first_sound_heard", now + self._floor.playout_s)
        self._floor.turns.sounded(turn)
        self._floor.show_state()
        timing = reply.timing
        if timing.asked:
            self._link.emit(TurnTimed(turn, dict(timing.marks), dict(self._budget_s), timing.over(self._budget_s)))

    def _tell_heard(self, turn: int) -> None:
        characters = self._playback.heard_characters(turn, self._floor.playout_s)
        if characters > self._shown:
            self._shown = characters
            self._link.emit(ReplyHeard(turn, characters))

    async def _finish(self, turn: int) -> None:
        if self._playback.sent_s(turn) > 0:
            await asyncio.sleep(self._floor.playout_s)  # the last of it is still on its way to the ears
            if not self._playback.drained(turn):
                return  # the user cut in meanwhile, or there was more to say
            self._tell_heard(turn)
        await self._floor.finish(turn)
