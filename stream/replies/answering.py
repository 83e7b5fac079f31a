"""Stage: obeys orders about replies, one at a time, and is the only one that touches the engine between them.

Order matters after an interruption: the sound has already stopped, then the reply's task is cancelled and awaited,
then the engine is rewound, then history is told what was really heard.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dialogue.blocks import PartialBlock, ReplyBlock, SceneBlock
from dialogue.engine import Mark
from stream.replies.reply import Announcement, Question, Reply, ReplyDependencies, SpokenQuestion
from stream.runtime.events import ContextShown, ReplyEnded
from stream.runtime.lanes import BlockingQueue


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
class ForgetTurn:
    """Nothing was said after all: what the engine heard of the turn is void too."""

    turn: int


@dataclass(frozen=True, slots=True)
class TakeUnits:
    """The user goes on speaking: there are units of the turn for an engine that hears."""

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
class PartialHeard:
    """What the user has said so far, for an engine that prefills while it listens."""

    block: PartialBlock


@dataclass(frozen=True, slots=True)
class SceneChanged:
    """Our eyes have looked again: what nobody asks about now may be asked about later."""


Order = (
    PrepareReply | GiveReply | VoidReply | ForgetTurn | TakeUnits | CutReply | CloseReply | PartialHeard | SceneChanged
)


class ReplyController:
    """The mind of one session."""

    def __init__(self, dependencies: ReplyDependencies) -> None:
        self._deps = dependencies
        self.orders: BlockingQueue[Order] = BlockingQueue(64)
        self.reply: Reply | None = None
        self._heard: tuple[int, Mark] | None = None  # the turn of which units were heard, and where it began
        self._task: asyncio.Task[None] | None = None
        self._shown: SceneBlock | None = None  # between replies

    async def run(self) -> None:
        """Until cancelled; raises what the engine raises."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._obey(await self.orders.get(), tasks)

    async def _obey(self, order: Order, tasks: asyncio.TaskGroup) -> None:
        match order:
            case PrepareReply(turn, question):
                await self._void()
                await self._begin(turn, question, tasks)
            case GiveReply(turn, question):
                if self.reply is None or self.reply.turn != turn:
                    await self._void()
                    await self._begin(turn, question, tasks)
                assert self.reply is not None
                self.reply.commit()
            case VoidReply(turn) if self._is(turn):
                await self._void()
            case ForgetTurn(turn):
                await self._forget(turn)
            case TakeUnits(turn) if self.reply is None:
                while not len(self.orders) and await self._take_unit(turn):
                    pass
            case CutReply(turn, heard) if self._is(turn):
                await self._cut(heard)
            case CloseReply(turn) if self._is(turn):
                await self._close()
            case PartialHeard(block) if self.reply is None:
                await self._show_scene()
                await self._deps.engine.feed(block)
                self._deps.link.emit(ContextShown(self._deps.engine.context()))
            case SceneChanged() if self.reply is None:
                await self._show_scene()

    async def looked(self) -> None:
        """Called by the eyes after each look."""
        await self.orders.put(SceneChanged())

    async def _show_scene(self) -> None:
        """What is in view between replies: an engine remembers it, and may have it in its context before the words."""
        scene = self._deps.watching.scene
        if not self._deps.engine.can.sees and scene is not self._shown:
            self._shown = scene
            await self._deps.engine.feed(scene)

    async def decided(self) -> None:
        """Until the reply in hand is one that will be given; one that is taken back never gets here."""
        if self.reply is not None:
            await self.reply.decided()

    def _is(self, turn: int) -> bool:
        return self.reply is not None and self.reply.turn == turn

    async def _begin(self, turn: int, question: Question, tasks: asyncio.TaskGroup) -> None:
        if isinstance(question, SpokenQuestion) and question.rest is not None:
            while await self._take_unit(turn, question.rest.start_s):
                pass
        if self._deps.reminders is not None and not isinstance(question, Announcement):
            self._deps.reminders.draft()
        self.reply = Reply(turn, question, self._deps)
        self._task = tasks.create_task(self.reply.run(), name=f"reply-{turn}")

    async def _take_unit(self, turn: int, before_s: float = float("inf")) -> bool:
        """Gives the engine the oldest unit that waits; whether there was one."""
        unit_prefill = self._deps.unit_prefill
        unit = unit_prefill.feed.pop(before_s) if unit_prefill is not None else None
        if unit_prefill is None or unit is None:
            return False
        if self._heard is None or self._heard[0] != turn:
            self._heard = turn, await self._deps.engine.mark()
        await unit_prefill.take(unit)
        self._deps.link.emit(ContextShown(self._deps.engine.context()))
        return True

    async def _forget(self, turn: int) -> None:
        if self._is(turn):
            await self._void()
        if self._heard is not None and self._heard[0] == turn:
            await self._deps.engine.rewind(self._heard[1])
            self._heard = None

    async def _stopped(self) -> Reply | None:
        """The reply, taken out of work: nothing of it runs past this line."""
        reply, task = self.reply, self._task
        self.reply = self._task = None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        return reply

    def _settle(self, reply: Reply, *, heard: bool) -> None:
        """What a reply entered into the book of reminders counts once something of it was heard."""
        if isinstance(reply.question, Announcement):
            reply.question.over(heard)
        elif self._deps.reminders is not None:
            self._deps.reminders.settle(heard)

    async def _void(self) -> None:
        reply = await self._stopped()
        if reply is None:
            return
        self._deps.playback.drop(reply.turn)
        self._settle(reply, heard=False)
        if reply.before_question is not None:
            await self._deps.engine.rewind(reply.before_question)

    async def _cut(self, heard_characters: int) -> None:
        reply = await self._stopped()
        assert reply is not None
        heard = reply.said[:heard_characters]
        self._settle(reply, heard=bool(heard))
        if reply.before_reply is not None:
            await self._deps.engine.rewind(reply.before_reply)
            if heard:
                now = self._deps.link.now()
                await self._deps.engine.feed(ReplyBlock(heard, reply.question.stopped_at, now, cut=True))
        self._deps.link.emit(ReplyEnded(reply.turn, reply.said, heard, cut=True))
        self._deps.link.emit(ContextShown(self._deps.engine.context()))

    async def _close(self) -> None:
        reply = await self._stopped()
        assert reply is not None
        self._settle(reply, heard=True)
        if reply.said:
            now = self._deps.link.now()
            await self._deps.engine.feed(ReplyBlock(reply.said, reply.question.stopped_at, now))
        self._deps.link.emit(ReplyEnded(reply.turn, reply.said, reply.said, cut=False))
        self._deps.link.emit(ContextShown(self._deps.engine.context()))
