"""Stage: carries out orders about replies, one at a time. Only this stage touches the engine between replies.

The sequence of an interruption: the sound has already stopped, then the reply's task is cancelled and awaited, then
the engine is rewound, then the history receives what was heard.
"""

from __future__ import annotations

import asyncio
from typing import assert_never

from dialogue.blocks import PartialBlock, ReplyBlock, SceneBlock, SystemBlock
from dialogue.engine import Mark, PrefillsIdle
from dialogue.errors import BadInput
from stream.replies.orders import (
    INSTRUCTION_LATE,
    EngineInput,
    InstructionSet,
    Order,
    PartialHeard,
    ReplyShortened,
    SceneChanged,
    ThingShown,
    UnitsReady,
)
from stream.replies.reply import Reply
from stream.replies.reply_dependencies import ReplyDependencies
from stream.replies.unheard import Unheard
from stream.runtime.events import ContextShown, Notice, ReplyEnded
from stream.runtime.queues import BlockingQueue
from stream.turns.decisions import (
    Announcement,
    Answer,
    Drop,
    Finish,
    Prepare,
    Question,
    Retract,
    SpokenQuestion,
    Yield,
)
from vision.picture import Picture


class ReplyController:
    """The reply stage of one session, for an engine that takes turns."""

    def __init__(self, *, orders: BlockingQueue[Order], dependencies: ReplyDependencies) -> None:
        self._orders, self._deps = orders, dependencies
        self.reply: Reply | None = None
        self._ended: Reply | None = None  # the last reply, if it was heard to its end
        self._unheard: Unheard | None = None  # of the last reply, if it was cut
        self._shown: Picture | None = None  # the picture that the engine got last
        self._prefilled: tuple[int, Mark] | None = None  # the turn whose units the engine has, and the mark before them
        self._task: asyncio.Task[None] | None = None
        self._fed_scene: SceneBlock | None = None  # between replies
        self._partial: PartialBlock | None = None  # the user's words so far, not fed to the end
        self._instruction: str | None = None  # a new one, which the engine does not have yet

    async def run(self) -> None:
        """Runs until cancelled. Raises what the engine raises."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._carry_out(await self._orders.get(), tasks)

    async def _carry_out(self, order: Order, tasks: asyncio.TaskGroup) -> None:
        if isinstance(order, Retract | Yield | Finish) and not self._is(order.turn):
            return  # that reply is over, or was never made
        match order:
            case Prepare(turn, question):
                await self._void()
                await self._begin(turn, question, tasks)
            case Answer(turn, question):
                if not self._is(turn):
                    await self._void()
                    await self._begin(turn, question, tasks)
                assert self.reply is not None
                self.reply.commit()
            case Retract():
                await self._void()
            case Drop(turn):
                await self._forget(turn)
            case Yield(_, heard):
                await self._cut(heard)
            case Finish():
                await self._close()
                await self._prefill()
            case ReplyShortened(turn, heard):
                await self._shorten(turn, heard)
            case UnitsReady() | PartialHeard() | SceneChanged() | ThingShown() | InstructionSet():
                await self._take_note(order)
            case _:
                assert_never(order)

    async def _take_note(self, news: EngineInput) -> None:
        if isinstance(news, InstructionSet):
            self._instruction = news.text
        if self.reply is None:
            await self._feed(news)

    async def _feed(self, news: EngineInput) -> None:
        """Feeds the engine between replies."""
        match news:
            case UnitsReady(turn):
                while not len(self._orders) and await self._take_unit(turn):
                    pass
            case PartialHeard(block):
                self._partial = block
                await self._prefill()
            case SceneChanged():
                await self._prefill()
            case ThingShown():
                await self._feed_shown()
                await self._prefill()
            case InstructionSet():
                await self._instruct()
            case _:
                assert_never(news)

    async def _instruct(self) -> None:
        """Feeds a new instruction, where there is one and no reply is being made."""
        text, self._instruction = self._instruction, None
        if text is None:
            return
        if self._deps.engine.can.hears:
            self._deps.link.emit(INSTRUCTION_LATE)
            return
        try:
            await self._deps.engine.feed(SystemBlock(text))
        except BadInput as error:
            self._deps.link.emit(Notice("error", "bad_instruction", str(error)))

    async def _feed_shown(self) -> None:
        """Feeds what the user showed since the last reply began."""
        for block in self._deps.shown.take_blocks():
            try:
                await self._deps.engine.feed(block)
            except BadInput as error:
                self._deps.link.emit(Notice("warning", "bad_picture", str(error)))

    async def _prefill(self) -> None:
        """Feeds the scene and the user's words so far, and computes ahead, until the next order arrives: no order waits
        for a prefill. What it leaves to compute is computed after the next order, or with the question."""
        async with asyncio.TaskGroup() as tasks:
            feeding = tasks.create_task(self._feed_so_far(), name="prefill")
            ordered = tasks.create_task(self._orders.filled(), name="next order")
            await asyncio.wait({feeding, ordered}, return_when=asyncio.FIRST_COMPLETED)
            feeding.cancel()
            ordered.cancel()

    async def _feed_so_far(self) -> None:
        await self._feed_scene()
        if self._partial is not None:
            await self._deps.engine.feed(self._partial)
            self._partial = None
            self._deps.link.emit(ContextShown(self._deps.engine.context()))
        await self._prefill_idle()

    async def _feed_scene(self) -> None:
        """Feeds the scene between replies, so that the engine can log it and prefill it before the user's words."""
        scene = self._deps.video.scene
        if not self._deps.engine.can.sees and scene is not self._fed_scene:
            self._fed_scene = scene
            await self._deps.engine.feed(scene)

    async def _prefill_idle(self) -> None:
        """Lets the engine compute ahead until something is to be done."""
        engine, computed = self._deps.engine, False
        if isinstance(engine, PrefillsIdle):
            while await engine.prefill_idle():
                computed = True
        if self._deps.interpreter is not None:
            await self._deps.interpreter.prepare()
        if computed:
            self._deps.link.emit(ContextShown(engine.context()))

    async def decided(self) -> None:
        """Waits until the current reply is committed. A reply that is taken back never is."""
        if self.reply is not None:
            await self.reply.decided()

    async def bridge(self, words: str) -> None:
        """Fills a pause of the current reply with these words."""
        if self.reply is not None:
            await self.reply.bridge(words)

    def _is(self, turn: int) -> bool:
        return self.reply is not None and self.reply.turn == turn

    async def _begin(self, turn: int, question: Question, tasks: asyncio.TaskGroup) -> None:
        self._partial = None
        await self._instruct()
        await self._feed_shown()
        if isinstance(question, SpokenQuestion):
            while await self._take_unit(turn, question.until):
                pass
        if not isinstance(question, Announcement):
            for kept in self._deps.settled:
                kept.draft()
        self.reply = Reply(
            turn=turn, question=question, dependencies=self._deps, unheard=self._unheard, shown=self._shown
        )
        self._task = tasks.create_task(self.reply.run(), name=f"reply-{turn}")

    async def _take_unit(self, turn: int, before_s: float = float("inf")) -> bool:
        """Feeds the engine the oldest queued unit. False where there is none."""
        unit_prefill = self._deps.unit_prefill
        unit = unit_prefill.feed.pop(before_s) if unit_prefill is not None else None
        if unit_prefill is None or unit is None:
            return False
        if self._prefilled is None or self._prefilled[0] != turn:
            self._prefilled = turn, await self._deps.engine.mark()
        await unit_prefill.take(unit)
        self._deps.link.emit(ContextShown(self._deps.engine.context()))
        return True

    async def _forget(self, turn: int) -> None:
        self._partial = None
        if self._is(turn):
            await self._void()
        if self._prefilled is not None and self._prefilled[0] == turn:
            await self._deps.engine.rewind(self._prefilled[1])
            self._prefilled = None

    async def _stop_reply(self) -> Reply | None:
        """Cancels the reply and waits for its task. Returns the reply."""
        reply, task = self.reply, self._task
        self.reply = self._task = None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        return reply

    def _settle(self, reply: Reply, *, heard: bool) -> None:
        """Keeps the reminders and rules that the reply made if any of it was heard, else discards them."""
        if isinstance(reply.question, Announcement):
            reply.question.over(heard)
            return
        for kept in self._deps.settled:
            kept.settle(heard)
        if heard and reply.user_text and isinstance(reply.question, SpokenQuestion) and self._deps.transcripts:
            self._deps.transcripts.answered(reply.question)

    async def _void(self) -> None:
        reply = await self._stop_reply()
        if reply is None:
            return
        self._deps.playback.drop(reply.turn)
        self._settle(reply, heard=False)
        if reply.before_question is not None:
            await self._deps.engine.rewind(reply.before_question)

    async def _cut(self, heard_characters: int) -> None:
        reply = await self._stop_reply()
        assert reply is not None
        self._shown = reply.shown
        heard = reply.said[:heard_characters]
        self._settle(reply, heard=bool(heard))
        if reply.reads:
            self._deps.reading.stopped(reply.said[heard_characters:])
        await self._keep_heard(reply, heard_characters)
        self._deps.link.emit(ReplyEnded(reply.turn, reply.said, heard, cut=True))
        self._deps.link.emit(ContextShown(self._deps.engine.context()))

    async def _keep_heard(self, reply: Reply, characters: int) -> None:
        """The engine has what was heard of a reply in its place."""
        engine, now = self._deps.engine, self._deps.link.now()
        if not engine.can.speaks:  # else there is no voice that could say the rest
            self._unheard = Unheard(reply.said, characters, reply.complete, now)
        if reply.before_reply is not None:
            await engine.rewind(reply.before_reply)
            if heard := reply.said[:characters]:
                await engine.feed(ReplyBlock(heard, reply.stopped_at, now, cut=True))

    async def _shorten(self, turn: int, characters: int) -> None:
        """Takes back the end of the last reply, unless the next one is decided, or has sound of its own in the engine:
        then it stays."""
        reply, later = self._ended, self.reply is not None and self.reply.committed
        if reply is None or reply.turn != turn or later or self._prefilled is not None:
            return
        await self._void()
        self._ended, self._fed_scene = None, None
        await self._keep_heard(reply, characters)

    async def _close(self) -> None:
        reply = await self._stop_reply()
        assert reply is not None
        self._ended, self._unheard, self._shown = reply, None, reply.shown
        self._settle(reply, heard=True)
        if reply.reads:
            self._deps.reading.stopped("")
        if reply.said and reply.before_reply is not None:  # else the engine has not got the question
            now = self._deps.link.now()
            await self._deps.engine.feed(ReplyBlock(reply.said, reply.stopped_at, now))
        if not reply.waits:
            self._deps.link.emit(ReplyEnded(reply.turn, reply.said, reply.said, cut=False))
        self._deps.link.emit(ContextShown(self._deps.engine.context()))
