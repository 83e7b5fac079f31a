"""Whole conversations in virtual time: who speaks when, what is remembered, what is discarded.

Also tests `paced_playout.py`, `session_controls.py`, `stages.py`, `stream/perception/audio_perception.py`,
`stream/perception/closer_look.py`, `stream/playout/speech_synthesis.py`, `stream/runtime/clock.py`,
`stream/runtime/events.py`, `stream/runtime/link.py`, `stream/runtime/thread_signal.py`, `stream/runtime/threads.py` and
`wiring.py`.
"""

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
    ReplyText,
    SessionEnded,
    State,
    TalkKeyPressed,
    TextTyped,
    TurnTimed,
    UserCaption,
)
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]


class ToyCall(SessionCall):
    """A call whose engine is inspected."""

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
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_a_question_is_heard_answered_and_remembered() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(4.0)

    result = call(story, ToyEngine(["I see a red cup and a book."]))
    assert result.of(UserCaption)[-1] == UserCaption(1, "What do you see?", final=True)
    assert "".join(event.text for event in result.of(ReplyText)) == "I see a red cup and a book. "
    assert result.of(ReplyEnded) == [
        ReplyEnded(1, "I see a red cup and a book. ", "I see a red cup and a book. ", cut=False)
    ]
    assert result.states() == [State.HEARING, State.THINKING, State.SPEAKING, State.LISTENING]
    assert result.engine.conversation == ["What do you see?", "I see a red cup and a book. "]
    assert result.heard_s() == pytest.approx(8 * 0.25, abs=0.05)
    assert result.of(SessionEnded) == [SessionEnded("over")]
    assert result.engine.closed


def test_the_answer_starts_when_the_turn_is_decided_because_it_was_prepared_in_the_pause() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(3.0)

    (timed,) = call(story, ToyEngine(["A cup."])).of(TurnTimed)
    assert timed.marks["first_sound_made"] < timed.marks["turn_decided"]
    assert timed.marks["first_sound_sent"] == pytest.approx(SETUP.turns.hangover_s, abs=0.08)
    assert timed.over == ()


def test_a_reply_taken_back_after_a_short_pause_leaves_no_trace() -> None:
    transcriber = ToyTranscriber()

    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(0.25)
        await call.speaks(1.0)
        await call.lasts(3.0)

    result = call(story, ToyEngine(["One.", "Two."]), transcriber)
    assert result.engine.conversation == ["What do you see?", "One. "]
    assert len(result.of(ReplyEnded)) == 1
    assert max(transcriber.asked) == pytest.approx(2.25 + 0.3 + 0.13, abs=0.1)


def test_an_interruption_ducks_and_silences_and_history_keeps_what_was_heard() -> None:
    long_answer = "one two three four five six seven eight nine ten eleven twelve."

    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(1.5)
        call.out.clear()
        await call.speaks(1.0)
        levels = np.concatenate(call.out)
        assert np.flatnonzero(levels > 0.3)[-1] / 48_000 < 0.15, "ducked"
        assert np.flatnonzero(levels)[-1] / 48_000 < 0.3, "silent"
        await call.lasts(3.0)

    result = call(story, ToyEngine([long_answer, "Yes?"]))
    cut = result.of(ReplyEnded)[0]
    assert cut.cut
    assert long_answer.startswith(cut.heard.strip())
    assert 0 < len(cut.heard.split()) < 12
    assert result.engine.conversation == ["What do you see?", cut.heard, "What do you see?", "Yes? "]


def test_a_cough_only_pauses_the_answer() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.0)
        await call.lasts(1.2)
        await call.speaks(0.1)
        await call.lasts(5.0)

    result = call(story, ToyEngine(["one two three four five six seven eight."]))
    assert [ended.cut for ended in result.of(ReplyEnded)] == [False]
    assert result.heard_s() == pytest.approx(8 * 0.25, abs=0.1)


def test_typing_is_answered_by_voice_and_text() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.2)
        call.session.push(TextTyped("  hello there "))
        await call.lasts(2.0)

    result = call(story, ToyEngine(["Hi."]))
    assert result.of(UserCaption) == [UserCaption(1, "hello there", final=True, typed=True)]
    assert result.engine.conversation == ["hello there", "Hi. "]
    assert result.heard_s() > 0.2


def test_far_too_much_text_is_refused_and_the_call_continues() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("x" * 100_000))
        call.session.push(TextTyped("hello"))
        await call.lasts(2.0)

    result = call(story, ToyEngine(["Hi."]))
    assert [notice.code for notice in result.of(Notice)] == ["too_long"]
    assert result.engine.conversation == ["hello", "Hi. "]


def test_the_engines_of_translations_are_closed_with_the_session() -> None:
    engines: list[ToyEngine] = []

    def new_engine() -> ToyEngine:
        engines.append(ToyEngine(["Good morning."]))
        return engines[-1]

    async def whole() -> None:
        parts = toy_parts(new_engine)
        session = Session("test", parts, SETUP)
        async with SessionCall(session).running():
            translation = session._stages.translation
            assert translation is not None
            said = [piece async for piece in translation.interpreter.translation("Buenos días.", "es", "en")]
            assert "".join(said).strip() == "Good morning."
        parts.close()

    run_in_virtual_time(whole(), until=60)
    assert len(engines) >= 2 and all(engine.closed for engine in engines)


def test_the_interrupt_button_ends_the_reply() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("go on"))
        await call.lasts(1.0)
        call.session.push(Interrupted())
        await call.lasts(0.1)
        call.out.clear()
        await call.lasts(1.0)

    result = call(story, ToyEngine(["one two three four five six seven eight nine ten."]))
    assert result.of(ReplyEnded)[0].cut
    assert result.heard_s() == 0
    assert result.states()[-1] is State.LISTENING


def test_push_to_talk() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(DeviceSwitched(hands_free=False))
        await call.speaks(1.0)
        call.session.push(TalkKeyPressed(True))
        await call.speaks(1.0)
        call.session.push(TalkKeyPressed(False))
        await call.lasts(2.0)

    result = call(story, ToyEngine(["Yes."]))
    assert result.engine.conversation == ["What do you see?", "Yes. "]


def test_speech_without_words_is_not_answered() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.3)
        await call.speaks(0.5)
        await call.lasts(2.0)

    result = call(story, ToyEngine(["Never."]), ToyTranscriber(says=""))
    assert result.engine.conversation == []
    assert result.heard_s() == 0
    assert result.states()[-1] is State.LISTENING


def test_a_silent_microphone_and_a_lost_one_are_reported() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(7.0)
        call.session.push(DeviceLost("microphone", "unplugged"))
        await call.lasts(0.2)

    result = call(story, ToyEngine(["Hm."]))
    assert [notice.code for notice in result.of(Notice)] == ["silent_microphone", "microphone_lost"]


def test_a_microphone_that_has_brought_speech_may_be_quiet_for_long() -> None:
    async def story(call: ToyCall) -> None:
        await call.speaks(1.0)
        await call.lasts(30.0)

    assert call(story, ToyEngine(["Yes."])).of(Notice) == []


def test_sound_with_nan_is_reported_and_the_call_continues() -> None:
    async def story(call: ToyCall) -> None:
        await call.lasts(0.1, float("nan"))
        await call.speaks(1.0)
        await call.lasts(2.0)

    result = call(story, ToyEngine(["Yes."]))
    assert result.of(Notice)[0].code == "bad_sound"
    assert result.engine.conversation == ["What do you see?", "Yes. "]


def test_a_failing_engine_ends_its_session_with_a_notice() -> None:
    async def story(call: ToyCall) -> None:
        call.session.push(TextTyped("hello"))
        await call.lasts(1.0)

    result = call(story, ToyEngine(["break"]))
    assert result.of(Notice)[-1].code == "engine_lost"
    assert result.of(SessionEnded) == [SessionEnded("error")]
    assert result.engine.closed


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
