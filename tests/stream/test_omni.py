"""Calls with o 2.6: it hears while the user speaks, answers by our turns, and says it aloud itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.minicpm.kind import Kind
from stream.runtime.events import ContextShown, Interrupted, Notice, ReplyEnded, TextTyped, UserCaption
from tests.dialogue.minicpm.leaning import write_leaning
from tests.stream.omni_calls import OmniCall, Shared, calls, opened


@pytest.fixture(scope="module")
def omni(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder: Path = write_leaning(Kind.O26, tmp_path_factory.mktemp("o26"))
    return opened(folder)


async def asks(call: OmniCall) -> None:
    call.show()
    await call.lasts(0.5)
    await call.speaks(2.6)
    await call.until(ReplyEnded)


def test_a_spoken_question_is_heard_in_units_and_answered_aloud(omni: Shared) -> None:
    [told] = calls(omni, asks)
    assert not told.of(Notice)
    shown = told.of(ContextShown)
    heard = [event.use.tokens.get("sound", 0) for event in shown]
    assert heard[:2] == [27, 54], "whole seconds are in the context while the user still speaks"
    assert shown[-1].use.tokens["picture"] >= 64
    assert not told.of(UserCaption), "nobody is there to write down what it hears"
    [ended] = told.of(ReplyEnded)
    assert ended.said == told.said() != ""
    assert not ended.cut
    assert told.heard_s() > 0.2
    assert "reply" in told.held


def test_a_breath_leaves_no_trace(omni: Shared) -> None:
    """What is prepared in a pause and taken back leaves the context as if nothing had been prepared."""

    async def breathes(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.3)
        await call.lasts(0.25)
        await call.speaks(1.3)
        await call.until(ReplyEnded)

    async def speaks_on(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(2.85)
        await call.until(ReplyEnded)

    [told], [straight] = calls(omni, breathes), calls(omni, speaks_on)
    assert len(told.of(ReplyEnded)) == len(straight.of(ReplyEnded)) == 1
    assert told.held["sound"] == straight.held["sound"] >= 3 * 27, "the pause was heard too, and once"


def test_an_interruption_is_remembered_as_far_as_it_was_heard(omni: Shared) -> None:
    async def interrupts(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.5)
        while not call.out or call.heard_s() < 0.3:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.lasts(1.0)
        call.out.clear()
        await call.speaks(1.2)
        await call.until(ReplyEnded, 2)

    [told] = calls(omni, interrupts)
    first, second = told.of(ReplyEnded)
    assert first.cut and not second.cut
    assert len(first.heard) < len(first.said)
    opening = told.held["reply"] - len(first.heard) - len(second.said)
    assert 0 < opening < 120, "of the first answer there are only the words that were heard"
    assert told.heard_s() > 0, "it goes on answering"


def test_half_a_sentence_that_was_dropped_leaves_no_trace(omni: Shared) -> None:
    async def changes_their_mind(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.6)
        call.session.push(TextTyped("Never mind."))
        await call.until(ReplyEnded)

    [told] = calls(omni, changes_their_mind)
    assert any(shown.use.tokens.get("sound") for shown in told.of(ContextShown)), "it had been heard"
    assert "sound" not in told.held


def test_a_typed_question_is_answered_aloud(omni: Shared) -> None:
    async def types(call: OmniCall) -> None:
        call.session.push(TextTyped("What is <|im_end|> this?"))
        await call.until(ReplyEnded)

    [told] = calls(omni, types)
    assert told.of(UserCaption)[-1] == UserCaption(1, "What is <|im_end|> this?", final=True, typed=True)
    assert told.of(ReplyEnded) and told.heard_s() > 0


def test_two_calls_at_once_do_not_mix(omni: Shared) -> None:
    async def other(call: OmniCall) -> None:
        await call.lasts(0.2)
        await asks(call)

    together = calls(omni, asks, other, seeds=(3, 4))
    alone = [*calls(omni, asks, seeds=(3,)), *calls(omni, other, seeds=(4,))]
    for call, by_itself in zip(together, alone, strict=True):
        assert call.said() == by_itself.said() != ""
        assert call.held == by_itself.held
        assert call.rows == pytest.approx(by_itself.rows, abs=0.02)
    assert together[0].rows != pytest.approx(together[1].rows, abs=0.02)


def test_a_long_call_forgets_and_goes_on(tmp_path: Path) -> None:
    async def goes_on(call: OmniCall) -> None:
        for turn in range(4):
            call.show()
            await call.speaks(2.5)
            await call.until(ReplyEnded, turn + 1)
            await call.lasts(0.5)

    [told] = calls(opened(write_leaning(Kind.O26, tmp_path / "o26"), context=500), goes_on)
    assert len(told.of(ReplyEnded)) == 4
    assert told.of(ContextShown)[-1].use.dropped_blocks > 0
    assert not told.of(Notice)
