"""A short phrase ends the silence before a late answer, once, and is no part of the reply.

Also tests `stream/runtime/given.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dialogue.blocks import ReplyBlock
from stream.models.setup import SETUPS, TurnSettings
from stream.runtime.events import ReplyEnded, TurnTimed
from stream.runtime.given import AcknowledgementSwitched
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import SECONDS_A_WORD, ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]
LOOK_S = 3 * SECONDS_A_WORD  # "Let me look."
ANSWER_S = 2 * SECONDS_A_WORD


def conversation(
    pace_s: float, *, setup: bool = True, page: bool | None = None, asked: str = "What do you see?"
) -> tuple[SessionCall, ToyEngine, float]:
    """A call with one question; the call, the engine, and when the user's last sound was sent (s)."""

    engine = ToyEngine(["Two cups."], pace_s)

    async def whole() -> tuple[SessionCall, float]:
        parts = toy_parts(lambda: engine, ToyTranscriber(asked))
        call = SessionCall(Session("test", parts, replace(SETUP, turns=TurnSettings(acknowledges=setup))))
        async with call.running():
            if page is not None:
                call.session.push(AcknowledgementSwitched(page))
            await call.lasts(0.5)
            await call.speaks(2.0)
            ended_s = call.sent / 16_000
            await call.lasts(5.0)
        parts.close()
        return call, ended_s

    call, ended_s = run_in_virtual_time(whole(), until=600)
    return call, engine, ended_s


def first_sound_s(call: SessionCall) -> float:
    return float(np.flatnonzero(np.concatenate(call.out))[0]) / 48_000


def test_a_late_answer_is_acknowledged_once_and_the_reply_stays_as_it_is() -> None:
    call, engine, ended_s = conversation(pace_s=1.0)  # the first word comes after a second
    assert 0.65 < first_sound_s(call) - ended_s < 0.80
    assert call.heard_s() == pytest.approx(LOOK_S + ANSWER_S, abs=0.05)
    assert [ended.said for ended in call.of(ReplyEnded)] == ["Two cups. "]
    assert [block.text for block in engine.fed if isinstance(block, ReplyBlock)] == ["Two cups. "]
    (timed,) = call.of(TurnTimed)
    assert timed.marks["first_sound_sent"] > 1.0, "the answer is timed, not the phrase before it"


@pytest.mark.parametrize("pace_s", [0.0, 0.3])
def test_an_answer_that_is_there_is_not_delayed(pace_s: float) -> None:
    call, _, _ = conversation(pace_s)
    assert call.heard_s() == pytest.approx(ANSWER_S, abs=0.05)


def test_the_setup_and_the_page_switch_it() -> None:
    assert conversation(1.0, setup=False)[0].heard_s() == pytest.approx(ANSWER_S, abs=0.05)
    assert conversation(1.0, page=False)[0].heard_s() == pytest.approx(ANSWER_S, abs=0.05)
    assert conversation(1.0, setup=False, page=True)[0].heard_s() == pytest.approx(LOOK_S + ANSWER_S, abs=0.05)


def test_a_statement_is_not_acknowledged() -> None:
    call, _, _ = conversation(1.0, asked="I am a bit tired today.")
    assert call.heard_s() == pytest.approx(ANSWER_S, abs=0.05)
