"""Calls with MiniCPM-o 2.6: prefill while the user speaks, turns by the floor, replies in its own voice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.minicpm.kind import Kind
from stream.runtime.events import ContextShown, Interrupted, Notice, ReplyEnded, TextTyped, UserCaption
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.stream.omni_calls import OmniCall, Shared, calls, opened


@pytest.fixture(scope="module")
def omni(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder: Path = write_biased_checkpoint(Kind.O26, tmp_path_factory.mktemp("o26"))
    return opened(folder)


async def asks(call: OmniCall) -> None:
    call.show()
    await call.lasts(0.5)
    await call.speaks(2.6)
    await call.until(ReplyEnded)


def test_a_spoken_question_is_heard_in_units_and_answered_aloud(omni: Shared) -> None:
    [result] = calls(omni, asks)
    assert not result.of(Notice)
    shown = result.of(ContextShown)
    heard = [event.use.tokens.get("sound", 0) for event in shown]
    assert heard[:2] == [27, 54], "whole seconds are in the context while the user still speaks"
    assert shown[-1].use.tokens["picture"] >= 64
    assert not result.of(UserCaption), "there is no transcriber for captions"
    [ended] = result.of(ReplyEnded)
    assert ended.said == result.said() != ""
    assert not ended.cut
    assert result.heard_s() > 0.2
    assert "reply" in result.held


def test_a_reply_taken_back_after_a_short_pause_leaves_no_trace(omni: Shared) -> None:
    """A reply prepared in a pause and taken back leaves no trace in the context."""

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

    [result], [straight] = calls(omni, breathes), calls(omni, speaks_on)
    assert len(result.of(ReplyEnded)) == len(straight.of(ReplyEnded)) == 1
    assert result.held["sound"] == straight.held["sound"] >= 3 * 27, "the pause was heard too, and once"


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

    [result] = calls(omni, interrupts)
    first, second = result.of(ReplyEnded)
    assert first.cut and not second.cut
    assert len(first.heard) < len(first.said)
    opening = result.held["reply"] - len(first.heard) - len(second.said)
    assert 0 < opening < 120, "of the first answer there are only the words that were heard"
    assert result.heard_s() > 0, "it goes on answering"


def test_a_dropped_half_sentence_leaves_no_trace(omni: Shared) -> None:
    async def takes_it_back(call: OmniCall) -> None:
        await call.lasts(0.5)
        await call.speaks(1.6)
        call.session.push(TextTyped("Never mind."))
        await call.until(ReplyEnded)

    [result] = calls(omni, takes_it_back)
    assert any(shown.use.tokens.get("sound") for shown in result.of(ContextShown)), "it had been heard"
    assert "sound" not in result.held


def test_a_typed_question_is_answered_aloud(omni: Shared) -> None:
    async def types(call: OmniCall) -> None:
        call.session.push(TextTyped("What is <|im_end|> this?"))
        await call.until(ReplyEnded)

    [result] = calls(omni, types)
    assert result.of(UserCaption)[-1] == UserCaption(1, "What is <|im_end|> this?", final=True, typed=True)
    assert result.of(ReplyEnded) and result.heard_s() > 0


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


def test_a_long_call_evicts_old_entries_and_continues(tmp_path: Path) -> None:
    async def goes_on(call: OmniCall) -> None:
        for turn in range(4):
            call.show()
            await call.speaks(2.5)
            await call.until(ReplyEnded, turn + 1)
            await call.lasts(0.5)

    [result] = calls(opened(write_biased_checkpoint(Kind.O26, tmp_path / "o26"), context=500), goes_on)
    assert len(result.of(ReplyEnded)) == 4
    assert result.of(ContextShown)[-1].use.dropped_blocks > 0
    assert not result.of(Notice)
