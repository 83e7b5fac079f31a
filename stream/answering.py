"""Stage: obeys orders about replies, one at a time, and is the only one that touches the engine between them.

Order matters after an interruption: the sound has already stopped, then the reply's task is cancelled and awaited,
then the engine is rewound, then history is told what was really heard.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dialogue.blocks import PartialBlock, ReplyBlock
from stream.events import ContextShown, ReplyEnded
from stream.lanes import Waiting
from stream.reply import Crew, Question, Reply


@dataclass(frozen=True, slots=True)
class PrepareReply:
    turn: int
    question: Question


@dataclass(frozen=True, slots=True)
class GiveReply:
    """The turn is decided; `question` is used where nothing was prepared."""

    turn: int
    question: Question


@dataclass(frozen=True, slots=True)
class VoidReply:
    """Leave no trace: the user goes on, or said nothing."""

    turn: int


@dataclass(frozen=True, slots=True)
class CutReply:
    """The user interrupted after hearing so many characters."""

    turn: int
    heard_characters: int


@dataclass(frozen=True, slots=True)
class CloseReply:
    """The reply was heard to its end."""

    turn: int


@dataclass(frozen=True, slots=True)
class Overheard:
    """What the user has said so far, for an engine that prefills while it listens."""

    block: PartialBlock


Order = PrepareReply | GiveReply | VoidReply | CutReply | CloseReply | Overheard


class Answering:
    """The mind of one session."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self.orders: Waiting[Order] = Waiting(64)
        self.reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until cancelled; raises what the engine raises."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._obey(await self.orders.get(), tasks)

    async def _obey(self, order: Order, tasks: asyncio.TaskGroup) -> None:
        match order:
            case PrepareReply(turn, question):
                await self._void()
                self._begin(turn, question, tasks)
            case GiveReply(turn, question):
                if self.reply is None or self.reply.turn != turn:
                    await self._void()
                    self._begin(turn, question, tasks)
                assert self.reply is not None
                self.reply.commit()
            case VoidReply(turn) if self._is(turn):
                await self._void()
            case CutReply(turn, heard) if self._is(turn):
                await self._cut(heard)
            case CloseReply(turn) if self._is(turn):
                await self._close()
            case Overheard(block) if self.reply is None:
                await self._crew.engine.feed(block)
                self._crew.link.emit(ContextShown(self._crew.engine.context()))

    def _is(self, turn: int) -> bool:
        return self.reply is not None and self.reply.turn == turn

    def _begin(self, turn: int, question: Question, tasks: asyncio.TaskGroup) -> None:
        self.reply = Reply(turn, question, self._crew)
        self._task = tasks.create_task(self.reply.run(), name=f"reply-{turn}")

    async def _stopped(self) -> Reply | None:
        """The reply, taken out of work: nothing of it runs past this line."""
        reply, task = self.reply, self._task
        self.reply = self._task = None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        return reply

    async def _void(self) -> None:
        reply = await self._stopped()
        if reply is None:
            return
        self._crew.playback.drop(reply.turn)
        if reply.before_question is not None:
            await self._crew.engine.rewind(reply.before_question)

    async def _cut(self, heard_characters: int) -> None:
        reply = await self._stopped()
        assert reply is not None
        heard = reply.said[:heard_characters]
        if reply.before_reply is not None:
            await self._crew.engine.rewind(reply.before_reply)
            if heard:
                now = self._crew.link.now()
                await self._crew.engine.feed(ReplyBlock(heard, reply.question.stopped_at, now, cut=True))
        self._crew.link.emit(ReplyEnded(reply.turn, reply.said, heard, cut=True))
        self._crew.link.emit(ContextShown(self._crew.engine.context()))

    async def _close(self) -> None:
        reply = await self._stopped()
        assert reply is not None
        if reply.said:
            now = self._crew.link.now()
            await self._crew.engine.feed(ReplyBlock(reply.said, reply.question.stopped_at, now))
        self._crew.link.emit(ReplyEnded(reply.turn, reply.said, reply.said, cut=False))
        self._crew.link.emit(ContextShown(self._crew.engine.context()))
