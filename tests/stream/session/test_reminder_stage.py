"""Timers and reminders in whole calls in virtual time: said on time, when the floor is free, and once.

Also tests `stream/replies/reminder_book.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
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
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

DUE = "Your tea is ready."


@dataclass
class ToyTimerEngine(ToyEngine):
    """Each question sets a timer, and the answer comes after `thinks_s`."""

    after_s: float = 20.0
    thinks_s: float = 0.0
    toolbox: Toolbox = field(default_factory=Toolbox)

    def equip(self, toolbox: Toolbox) -> None:
        self.toolbox = toolbox

    async def reply(self) -> AsyncGenerator[Delta, None]:
        assert self.toolbox.reminders is not None
        self.toolbox.reminders.add(self.after_s, "tea", DUE)
        await asyncio.sleep(self.thinks_s)
        async for delta in super().reply():
            yield delta

    def pending(self) -> tuple[Reminder, ...]:
        assert self.toolbox.reminders is not None
        return self.toolbox.reminders.pending()


class TimerCall(SessionCall):
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
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_a_timer_is_said_aloud_when_it_is_due() -> None:
    async def story(call: TimerCall) -> None:
        await call.speaks(1.0)
        await call.lasts(30.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    [(at, ended)] = result.announced()
    assert 21.0 < at < 24.0
    assert not ended.cut and ended.heard == DUE
    assert result.states()[-3:] == [State.THINKING, State.SPEAKING, State.LISTENING]
    assert result.engine.conversation == ["What do you see?", "Twenty seconds. ", DUE]
    assert [caption.text for caption in result.of(UserCaption) if caption.turn == 2] == []
    assert [timed.turn for timed in result.of(TurnTimed)] == [1], "an announcement has no latency"


def test_a_reminder_due_while_the_user_speaks_waits() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(18.0)
        await call.speaks(6.0)
        await call.lasts(8.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    _, second, third = result.ended
    assert second[1].said.startswith("Twenty"), "the user's turn is answered first"
    assert third[1].said == DUE and third[0] > second[0] > 24.0


def test_a_reminder_due_during_a_reply_waits() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(15.0)

    result = call(story, ToyTimerEngine(["word " * 20], after_s=1.0))
    assert [event.said == DUE for _, event in result.ended[:2]] == [False, True]
    assert result.ended[0][1].heard == result.ended[0][1].said, "nothing of the answer was lost"


def test_speech_before_the_first_word_takes_the_floor_and_it_is_said_afterwards() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while State.THINKING not in call.states()[3:]:
            await call.lasts(0.02)
        await call.speaks(2.0)
        await call.lasts(12.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert result.announced()[-1][1].heard == DUE
    assert [caption.text for caption in result.of(UserCaption) if caption.final] == ["Tea, please.", "What do you see?"]


@pytest.mark.parametrize("words", [1, 3])
def test_an_interrupted_announcement_was_heard_and_is_not_said_again(words: int) -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while len(call.of(ReplyText)) < 3:
            await call.lasts(0.02)
        await call.lasts(0.2 + 0.25 * words)
        call.session.push(Interrupted())
        await call.lasts(10.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    [(_, ended)] = result.announced()
    assert ended.cut and len(ended.heard.split()) == words
    assert result.engine.fed[-1] == ReplyBlock(ended.heard, *_times(result.engine), cut=True)


def _times(engine: ToyEngine) -> tuple[float, float]:
    last = engine.fed[-1]
    assert isinstance(last, ReplyBlock)
    return last.start, last.end


def test_a_prepared_answer_that_is_taken_back_sets_nothing() -> None:
    """The user pauses, goes on, and is answered once: one timer is set, not two."""

    async def story(call: TimerCall) -> None:
        await call.speaks(1.0)
        await call.lasts(0.3)
        await call.speaks(1.0)
        await call.lasts(60.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert len(result.announced()) == 1


def test_an_interruption_before_anything_was_heard_sets_nothing() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(1.0)
        assert len(call.engine.pending()) == 1, "the reply sees what it wrote"
        call.session.push(Interrupted())
        await call.lasts(30.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."], thinks_s=3.0))
    assert not result.announced()
    assert result.engine.pending() == ()


def test_a_timer_of_a_partly_heard_reply_counts() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        while call.session.playback.sent_s(1) < 0.5:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.lasts(30.0)

    result = call(story, ToyTimerEngine(["In twenty seconds I shall tell you that it is ready."]))
    assert result.ended[0][1].cut
    assert len(result.announced()) == 1


def test_timers_end_with_their_session() -> None:
    async def story(call: TimerCall) -> None:
        call.session.push(TextTyped("Tea, please."))
        await call.lasts(5.0)

    result = call(story, ToyTimerEngine(["Twenty seconds."]))
    assert result.of(SessionEnded) == [SessionEnded("over")] and not result.announced()
    assert [block.text for block in result.engine.fed if isinstance(block, TextBlock)] == ["Tea, please."]


def test_a_book_refuses_invalid_times_and_keeps_its_order() -> None:
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
