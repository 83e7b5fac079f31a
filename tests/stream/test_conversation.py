"""Whole conversations on a clock that jumps: who speaks when, what is remembered, what is thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from stream.models.setup import SETUPS
from stream.runtime.events import (
    DeviceLost,
    DeviceSwitched,
    Interrupted,
    Notice,
    ReplyEnded,
    ReplyRecalled,
    ReplyText,
    SessionEnded,
    State,
    TalkKeyPressed,
    TextTyped,
    TurnTimed,
    UserCaption,
)
from stream.session.session import Session
from tests.stream.calls import Call
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]


class ToyCall(Call):
    """One whose engine can be looked into."""

    def __init__(self, session: Session, engine: ToyEngine) -> None:
        super().__init__(session)
        self.engine = engine


def call(
    story: Callable[[ToyCall], Awaitable[None]], engine: ToyEngine, transcriber: ToyTranscriber | None = None
) -> ToyCall:
    async def whole() -> ToyCall:
        parts = toy_parts(lambda: engine, transcriber)
        session = Session("test", parts, SETUP)
        made = ToyCall(session, engine)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(made.listens())
            running = tasks.create_task(session.run())
            await story(made)
            session.close("over")
            await running
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_a_question_is_heard_answered_and_remembered() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(4.0)

    told = call(story, ToyEngine(["I see a red cup and a book."]))
    assert told.of(UserCaption)[-1] == UserCaption(1, "What do you see?", final=True)
    assert "".join(event.text for event in told.of(ReplyText)) == "I see a red cup and a book. "
    assert told.of(ReplyEnded) == [
        ReplyEnded(1, "I see a red cup and a book. ", "I see a red cup and a book. ", cut=False)
    ]
    assert told.states() == [State.HEARING, State.THINKING, State.SPEAKING, State.LISTENING]
    assert told.engine.conversation == ["What do you see?", "I see a red cup and a book. "]
    assert told.heard_s() == pytest.approx(8 * 0.25, abs=0.05)
    assert told.of(SessionEnded) == [SessionEnded("over")]
    assert told.engine.closed


def test_an_answer_from_the_log_says_so_before_its_text() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("What did the sign say?"))
        await call.lasts(3.0)

    told = call(story, ToyEngine(["@12 It said exit."]))
    kinds = [type(event) for event in told.events if isinstance(event, ReplyRecalled | ReplyText)]
    assert kinds[:2] == [ReplyRecalled, ReplyText]
    assert told.of(ReplyRecalled) == [ReplyRecalled(1, 12.0)]


def test_the_answer_starts_when_the_turn_is_decided_because_it_was_prepared_in_the_pause() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(3.0)

    (timed,) = call(story, ToyEngine(["A cup."])).of(TurnTimed)
    assert timed.marks["first_sound_made"] < timed.marks["turn_decided"]
    assert timed.marks["first_sound_sent"] == pytest.approx(SETUP.hangover_s, abs=0.08)
    assert timed.over == ()


def test_a_breath_leaves_no_trace() -> None:
    transcriber = ToyTranscriber()

    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(0.25)
        await call.speaks(1.0)
        await call.lasts(3.0)

    told = call(story, ToyEngine(["One.", "Two."]), transcriber)
    assert told.engine.conversation == ["What do you see?", "One. "]
    assert len(told.of(ReplyEnded)) == 1
    assert max(transcriber.asked) == pytest.approx(2.25 + 0.3 + 0.13, abs=0.1)


def test_an_interruption_silences_at_once_and_history_keeps_what_was_heard() -> None:
    long_answer = "one two three four five six seven eight nine ten eleven twelve."

    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(1.5)
        call.out.clear()
        await call.speaks(1.0)
        silent_from = np.flatnonzero(np.concatenate(call.out))[-1] / 48_000
        assert silent_from < 0.2
        await call.lasts(3.0)

    told = call(story, ToyEngine([long_answer, "Yes?"]))
    cut = told.of(ReplyEnded)[0]
    assert cut.cut
    assert long_answer.startswith(cut.heard.strip())
    assert 0 < len(cut.heard.split()) < 12
    assert told.engine.conversation == ["What do you see?", cut.heard, "What do you see?", "Yes? "]


def test_a_cough_only_pauses_the_answer() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(1.2)
        await call.speaks(0.1)
        await call.lasts(5.0)

    told = call(story, ToyEngine(["one two three four five six seven eight."]))
    assert [ended.cut for ended in told.of(ReplyEnded)] == [False]
    assert told.heard_s() == pytest.approx(8 * 0.25, abs=0.1)


def test_typing_is_answered_by_voice_and_text() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.2)
        call.session.push(TextTyped("  hello there "))
        await call.lasts(2.0)

    told = call(story, ToyEngine(["Hi."]))
    assert told.of(UserCaption) == [UserCaption(1, "hello there", final=True, typed=True)]
    assert told.engine.conversation == ["hello there", "Hi. "]
    assert told.heard_s() > 0.2


def test_far_too_much_text_is_refused_and_the_call_goes_on() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("x" * 100_000))
        call.session.push(TextTyped("hello"))
        await call.lasts(2.0)

    told = call(story, ToyEngine(["Hi."]))
    assert [notice.code for notice in told.of(Notice)] == ["too_long"]
    assert told.engine.conversation == ["hello", "Hi. "]


def test_hush_ends_the_answer() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("go on"))
        await call.lasts(1.0)
        call.session.push(Interrupted())
        await call.lasts(0.1)
        call.out.clear()
        await call.lasts(1.0)

    told = call(story, ToyEngine(["one two three four five six seven eight nine ten."]))
    assert told.of(ReplyEnded)[0].cut
    assert told.heard_s() == 0
    assert told.states()[-1] is State.LISTENING


def test_push_to_talk() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(DeviceSwitched(hands_free=False))
        await call.speaks(1.0)
        call.session.push(TalkKeyPressed(True))
        await call.speaks(1.0)
        call.session.push(TalkKeyPressed(False))
        await call.lasts(2.0)

    told = call(story, ToyEngine(["Yes."]))
    assert told.engine.conversation == ["What do you see?", "Yes. "]


def test_nothing_said_is_not_answered() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.3)
        await call.speaks(0.5)
        await call.lasts(2.0)

    told = call(story, ToyEngine(["Never."]), ToyTranscriber(says=""))
    assert told.engine.conversation == []
    assert told.heard_s() == 0
    assert told.states()[-1] is State.LISTENING


def test_a_dead_microphone_and_a_lost_one_are_told() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(7.0)
        call.session.push(DeviceLost("microphone", "unplugged"))
        await call.lasts(0.2)

    told = call(story, ToyEngine(["Hm."]))
    assert [notice.code for notice in told.of(Notice)] == ["silent_microphone", "microphone_lost"]


def test_a_microphone_that_has_brought_speech_may_be_quiet_for_long() -> None:
    async def story(call: ToyCall) -> None:
        await call.speaks(1.0)
        await call.lasts(30.0)

    assert call(story, ToyEngine(["Yes."])).of(Notice) == []


def test_sound_that_is_not_a_number_is_told_and_survived() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.1, float("nan"))
        await call.speaks(1.0)
        await call.lasts(2.0)

    told = call(story, ToyEngine(["Yes."]))
    assert told.of(Notice)[0].code == "bad_sound"
    assert told.engine.conversation == ["What do you see?", "Yes. "]


def test_a_broken_engine_ends_its_own_session_with_a_word() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("hello"))
        await call.lasts(1.0)

    told = call(story, ToyEngine(["break"]))
    assert told.of(Notice)[-1].code == "engine_lost"
    assert told.of(SessionEnded) == [SessionEnded("error")]
    assert told.engine.closed


def test_two_sessions_share_the_parts_and_nothing_else() -> None:
    async def whole() -> tuple[ToyEngine, ToyEngine]:
        engines = [ToyEngine(["For one."]), ToyEngine(["For two."])]
        waiting = iter(engines)
        parts = toy_parts(lambda: next(waiting))
        calls = [ToyCall(Session(f"s{n}", parts, SETUP), engine) for n, engine in enumerate(engines)]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each.session.run()) for each in calls]
            calls[0].session.push(TextTyped("first"))
            calls[1].session.push(TextTyped("second"))
            await asyncio.gather(*(each.lasts(2.0) for each in calls))
            for each in calls:
                each.session.close()
            await asyncio.wait(running)
        parts.close()
        return engines[0], engines[1]

    one, two = run_in_virtual_time(whole())
    assert one.conversation == ["first", "For one. "]
    assert two.conversation == ["second", "For two. "]
