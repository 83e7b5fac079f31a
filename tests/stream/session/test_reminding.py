"""Timers and reminders in whole calls on a clock that jumps: said in time, at a free floor, once, and never in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engine import Delta
from dialogue.errors import BadInput
from dialogue.tools.toolbox import Reminder, Toolbox
from stream.models.setup import SETUPS
from stream.replies.reminder_book import ReminderBook
from stream.runtime.events import (
    Interrupted,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    State,
    TextTyped,
    TurnTimed,
    UserCaption,
)
from stream.session.session import Session
from tests.stream.calls import Call
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

DUE = "Your tea is ready."


@dataclass
class ToyTimerEngine(ToyEngine):
    """Each question sets a timer, which the answer tells of after `thinks_s`."""

    after_s: float = 20.0
    thinks_s: float = 0.0
    toolbox: Toolbox = field(default_factory=Toolbox)

    def equip(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox

    async def reply(self) -> AsyncIterator[Delta]:
        assert self.toolbox.reminding is not None
        self.toolbox.reminding.add(self.after_s, "tea", DUE)
        await asyncio.sleep(self.thinks_s)
        async for delta in super().reply():
            yield delta

    def pending(self) -> tuple[Reminder, ...]:
        assert self.toolbox.reminding is not None
        return self.toolbox.reminding.pending()


class TimerCall(Call):
    def __init__(self, session: Session, engine: ToyTimerEngine) -> None:
        super().__init__(session)
        self.engine = engine
        self.ended: list[tuple[float, ReplyEnded]] = []

    async def listens(self) -> None:
        async for event in self.session.events():
            self.events.append(event)
            if isinstance(event, ReplyEnded):
                self.ended.append((self.session.now(), event))

    def announced(self) -> list[tuple[float, ReplyEnded]]:
        return [(at, event) for at, event in self.ended if event.said == DUE]


def call(story: Callable[[TimerCall], Awaitable[None]], engine: ToyTimerEngine) -> TimerCall:
    async def whole() -> TimerCall:
        parts = toy_parts(lambda: engine)
        session = Session("test", parts, SETUPS["laptop"])
        made = TimerCall(session, engine)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(made.listens())
            running = tasks.create_task(session.run())
            await story(made)
            session.close("over")
            await running
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_a_timer_is_said_aloud_when_it_is_due() -> None:
    async def story(call: TimerCall) -> None:
        await call.speaks(1.0)
        await call.lasts(30.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    [(at, ended)] = told.announced()
    assert 21.0 < at < 24.0
    assert not ended.cut and ended.heard == DUE
    assert told.states()[-3:] == [State.THINKING, State.SPEAKING, State.LISTENING]
    assert told.engine.conversation == ["What do you see?", "Twenty seconds. ", DUE]
    assert [caption.text for caption in told.of(UserCaption) if caption.turn == 2] == []
    assert [timed.turn for timed in told.of(TurnTimed)] == [1], "nobody waited for it"


def test_what_is_due_while_the_user_speaks_waits_for_its_turn() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(18.0)
        await call.speaks(6.0)
        await call.lasts(8.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    _, second, third = told.ended
    assert second[1].said.startswith("Twenty"), "the user's turn is answered first"
    assert third[1].said == DUE and third[0] > second[0] > 24.0


def test_what_is_due_while_we_speak_waits_too() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(15.0)

    told = call(story, ToyTimerEngine(["word " * 20], after_s=1.0))
    assert [event.said == DUE for _, event in told.ended[:2]] == [False, True]
    assert told.ended[0][1].heard == told.ended[0][1].said, "nothing of the answer was lost"


def test_speech_before_the_first_word_takes_the_floor_and_it_is_said_afterwards() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while State.THINKING not in call.states()[3:]:
            await call.lasts(0.02)
        await call.speaks(2.0)
        await call.lasts(12.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert told.announced()[-1][1].heard == DUE
    assert [caption.text for caption in told.of(UserCaption) if caption.final] == ["Tea, please.", "What do you see?"]


@pytest.mark.parametrize("words", [1, 3])
def test_an_interrupted_announcement_was_heard_and_is_not_said_again(words: int) -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while len(call.of(ReplyText)) < 3:
            await call.lasts(0.02)
        await call.lasts(0.2 + 0.25 * words)
        call.session.push(Interrupted())
        await call.lasts(10.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    [(_, ended)] = told.announced()
    assert ended.cut and len(ended.heard.split()) == words
    assert told.engine.fed[-1] == ReplyBlock(ended.heard, *_times(told.engine), cut=True)


def _times(engine: ToyEngine) -> tuple[float, float]:
    last = engine.fed[-1]
    assert isinstance(last, ReplyBlock)
    return last.start, last.end


def test_a_prepared_answer_that_is_taken_back_sets_nothing() -> None:
    """The user pauses, goes on, and is answered once: one timer, not two."""

    async def story(call: TimerCall) -> None:
        await call.speaks(1.0)
        await call.lasts(0.3)
        await call.speaks(1.0)
        await call.lasts(60.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert len(told.announced()) == 1


def test_an_interruption_before_anything_was_heard_sets_nothing() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(1.0)
        assert len(call.engine.pending()) == 1, "the reply sees what it wrote"
        call.session.push(Interrupted())
        await call.lasts(30.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."], thinks_s=3.0))
    assert not told.announced()
    assert told.engine.pending() == ()


def test_what_was_heard_in_part_counts() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while call.session.playback.sent_s(1) < 0.5:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.lasts(30.0)

    told = call(story, ToyTimerEngine(["In twenty seconds I shall tell you that it is ready."]))
    assert told.ended[0][1].cut
    assert len(told.announced()) == 1


def test_the_end_of_the_session_is_the_end_of_its_timers() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(5.0)

    told = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert told.of(SessionEnded) == [SessionEnded("over")] and not told.announced()
    assert [block.text for block in told.engine.fed if isinstance(block, TextBlock)] == ["Tea, please."]


def test_a_book_refuses_what_will_not_do_and_keeps_its_order() -> None:
    async def whole() -> None:
        book = ReminderBook(asyncio.get_running_loop().time)
        for after_s in (0.0, -5.0, 1e9, float("nan")):
            with pytest.raises(BadInput):
                book.add(after_s, "tea", DUE)
        late, soon = book.add(90.0, "late", "Late."), book.add(30.0, "soon", "Soon.")
        assert book.pending() == (soon, late)
        assert await book.next_due() == soon
        book.said(soon)
        book.draft()
        assert book.cancel(late.number) == late and book.cancel(7) is None
        assert book.pending() == ()
        book.settle(heard=False)
        assert book.pending() == (late,)
        for _ in range(31):
            book.add(50.0, "tea", DUE)
        with pytest.raises(BadInput, match="thirty-two timers"):
            book.add(50.0, "tea", DUE)

    run_in_virtual_time(whole(), until=600)
