"""The record of each turn of a session, and the reasons that are given while it goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from stream.models.setup import SETUPS
from stream.runtime.events import Interrupted, PlayoutMeasured, TextTyped, TurnRecorded, TurnTimed, Why
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, ToyTurnEnd, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]
LONG = "one two three four five six seven eight nine ten eleven twelve."


def flown(
    story: Callable[[SessionCall], Awaitable[None]],
    line: str = "A cup.",
    *,
    pace_s: float = 0.0,
    transcriber: ToyTranscriber | None = None,
) -> SessionCall:
    async def whole() -> SessionCall:
        parts = toy_parts(lambda: ToyEngine([line], pace_s), transcriber, turn_end=ToyTurnEnd(0.5))
        made = SessionCall(Session("test", parts, SETUP))
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=60)


async def one_question(call: SessionCall) -> None:
    call.session.push(PlayoutMeasured(0.05, 0.02))
    await call.lasts(0.5)
    await call.speaks(1.0)
    await call.lasts(6.0)


def test_a_turn_that_was_heard_has_a_complete_record() -> None:
    call = flown(one_question)
    [record], [timed] = call.of(TurnRecorded), call.of(TurnTimed)
    assert (record.turn, record.outcome, record.reply.strip()) == (1, "heard", "A cup.")
    assert record.transcript == ToyTranscriber().says
    assert record.began_at == pytest.approx(0.5, abs=0.1)
    assert record.stopped_at == pytest.approx(1.5, abs=0.1)
    assert record.stopped_at is not None
    assert record.silence_s is not None
    assert record.silence_s == pytest.approx(timed.marks["turn_decided"], abs=0.05)
    assert record.pauses, "the sound was judged in the pause"
    assert all(0 <= silence_s < 1 and 0 <= probability <= 1 for silence_s, probability in record.pauses)
    assert record.marks == timed.marks
    assert (record.network_s, record.jitter_buffer_s) == (0.01, 0.05)
    assert record.ended_at > record.stopped_at + record.marks["first_sound_heard"]
    [answered] = [why for why in record.why if why.kind == "answered"]
    assert f"waited {1000 * record.silence_s:.0f} ms" in answered.text
    assert list(record.why) == call.of(Why)
    assert timed.marks["first_sound_heard"] - timed.marks["first_sound_sent"] == pytest.approx(0.06)


def test_an_interrupted_turn_and_a_sound_without_words_have_records_too() -> None:
    async def interrupts(call: SessionCall) -> None:
        call.session.push(TextTyped("Count."))
        await call.lasts(1.0)
        call.session.push(Interrupted())
        await call.lasts(0.5)

    [cut] = flown(interrupts, LONG).of(TurnRecorded)
    assert (cut.outcome, cut.silence_s, cut.pauses) == ("cut", None, ())
    assert cut.reply and LONG.startswith(cut.reply)
    assert [why.kind for why in cut.why] == ["yielded"]
    [silent] = flown(one_question, transcriber=ToyTranscriber("")).of(TurnRecorded)
    assert silent.reply == ""
    assert [why.kind for why in silent.why] == ["answered", "no_answer"]


def test_a_late_reply_names_the_stage_that_made_it_late() -> None:
    call = flown(one_question, "Yes.", pace_s=1.5)
    [record] = call.of(TurnRecorded)
    assert record.broken_by == "first_token"
    [late] = [why for why in record.why if why.kind == "late"]
    assert "mostly the first word of the answer" in late.text
