"""Stage: follows the playback of replies, reports its progress, and ends the turn once the reply was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from stream.playout.playback import Playback
from stream.runtime.budget import TurnTiming
from stream.runtime.events import ReplyHeard, TurnTimed
from stream.runtime.link import Link
from stream.runtime.thread_signal import ThreadSignal
from stream.session.floor import Floor
from stream.turns.events import ReplyHeardOut, ReplySounded


class SpokenReply(Protocol):
    """A reply as far as it is played."""

    turn: int
    timing: TurnTiming
    committed: bool


class ReplySource(Protocol):
    """Makes replies; implemented by `ReplyController` and `FullDuplex`."""

    @property
    def reply(self) -> SpokenReply | None: ...


class PacedPlayout:
    """Follows the playback of one session. `moved` is set by the playback, from the thread that pulls its sound."""

    def __init__(
        self,
        playback: Playback,
        moved: ThreadSignal,
        floor: Floor,
        replies: ReplySource,
        budget_s: Mapping[str, float],
        link: Link,
    ) -> None:
        self._playback, self._moved, self._floor, self._link = playback, moved, floor, link
        self._replies, self._budget_s = replies, budget_s
        self._announced_turn = 0  # the turn whose first sound was announced last
        self._timed_turn = 0  # the turn whose reply was timed last
        self._reported_characters = 0  # of that turn

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._moved.wait()
            turn = self._floor.turns.turn
            if self._playback.sent_s(turn) > 0:
                await self._announce(turn)
                self._time(turn)
                self._report_heard(turn)
            if self._playback.drained(turn) and self._committed(turn):
                await self._finish(turn)

    def _reply(self, turn: int) -> SpokenReply | None:
        reply = self._replies.reply
        return reply if reply is not None and reply.turn == turn else None

    def _committed(self, turn: int) -> bool:
        reply = self._reply(turn)
        return reply is not None and reply.committed

    async def _announce(self, turn: int) -> None:
        """Takes the first sound of a turn, once."""
        if turn == self._announced_turn or self._reply(turn) is None:
            return
        self._announced_turn, self._reported_characters = turn, 0
        await self._floor.take(ReplySounded(turn))
        self._floor.show_state()

    def _time(self, turn: int) -> None:
        """Marks and reports the first sound of a reply, once. What filled the silence before it does not count."""
        reply = self._reply(turn)
        if turn == self._timed_turn or reply is None or not self._playback.begun(turn):
            return
        self._timed_turn, timing, now = turn, reply.timing, self._link.now()
        timing.mark("first_sound_sent", now)
        timing.mark("first_sound_heard", now + self._floor.playout_s)
        if timing.asked:
            over = timing.over(self._budget_s)
            self._link.emit(TurnTimed(turn, dict(timing.marks), dict(self._budget_s), over))

    def _report_heard(self, turn: int) -> None:
        characters = self._playback.heard_characters(turn, self._floor.playout_s)
        if characters > self._reported_characters:
            self._reported_characters = characters
            self._link.emit(ReplyHeard(turn, characters))

    async def _finish(self, turn: int) -> None:
        if self._playback.sent_s(turn) > 0:
            await asyncio.sleep(self._floor.playout_s)  # the last of it is not played at the far end yet
            if not self._playback.drained(turn):
                return  # interrupted meanwhile, or more sound was added
            self._report_heard(turn)
        await self._floor.take(ReplyHeardOut(turn))
