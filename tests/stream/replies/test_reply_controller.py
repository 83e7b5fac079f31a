"""What the user says and what the camera shows is prefilled only as long as no order waits.

Also tests `reading_aloud.py`, `reply.py`, `reply_dependencies.py` and `watch_book.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dialogue.blocks import Block, PartialBlock
from stream.models.setup import SETUPS
from stream.runtime.events import ReplyEnded, TurnTimed
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]


@dataclass
class SlowPrefill(ToyEngine):
    """Takes `prefill_s` to prefill what was said so far; a prefill that is begun again goes on where it was."""

    prefill_s: float = 10.0
    prefilled_s: float = 0.0
    finished: list[str] = field(default_factory=list)

    async def feed(self, block: Block) -> None:
        if not isinstance(block, PartialBlock):
            await super().feed(block)
            return
        while self.prefilled_s < self.prefill_s:
            await asyncio.sleep(0.02)
            self.prefilled_s += 0.02
        self.finished.append(block.text)


def conversation(engine: ToyEngine, speaks_s: float = 2.0) -> SessionCall:
    async def whole() -> SessionCall:
        parts = toy_parts(lambda: engine)
        call = SessionCall(Session("test", parts, SETUP))
        async with call.running():
            await call.lasts(0.5)
            await call.speaks(speaks_s)
            await call.lasts(4.0)
        parts.close()
        return call

    return run_in_virtual_time(whole(), until=600)


def test_an_answer_does_not_wait_for_a_prefill_that_has_begun() -> None:
    engine = SlowPrefill(["A cup."])
    call = conversation(engine)
    assert 0.5 < engine.prefilled_s < 3.0, "it was prefilled only while the user spoke"
    assert engine.finished == []
    (timed,) = call.of(TurnTimed)
    assert timed.marks["first_sound_sent"] < SETUP.turns.hangover_s + 0.08
    assert [ended.said for ended in call.of(ReplyEnded)] == ["A cup. "]


def test_a_prefill_goes_on_after_other_orders() -> None:
    """Partial transcripts arrive every half second: a prefill of 1.2 s is interrupted by the next ones and goes on."""
    engine = SlowPrefill(["A cup."], prefill_s=1.2)
    conversation(engine, speaks_s=4.0)
    assert engine.prefilled_s < 1.3
    assert engine.finished
