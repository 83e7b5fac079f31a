"""Calls whose engine is elsewhere: what it says is played when it comes, and a call outlives its server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from dialogue.blocks import Block, ReplyBlock, UnitBlock
from dialogue.engine import Capabilities, ContextUse, SoundDelta, UnitAnswer
from dialogue.errors import BadInput, EngineLost
from dialogue.remote.retries import Unavailable
from stream.models.setup import SETUPS
from stream.replies.far_duplex import LOST, REFUSED
from stream.runtime.events import Interrupted, Notice, ReplyEnded, UnitDecided
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time

Step = float | UnitAnswer | Exception  # a pause, something said, a failure


def said(text: str = "", seconds: float = 0.0, *, over: bool = False) -> UnitAnswer:
    sound = SoundDelta(np.full(round(seconds * 24_000), 0.5, np.float32), 24_000) if seconds else None
    return UnitAnswer(0, listening=False, text=text, sound=sound, turn_over=over)


@dataclass
class FarToy(ToyEngine):
    """Does what its script says, then nothing."""

    script: list[Step] = field(default_factory=list)
    breaks: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.can = Capabilities(hears=True, sees=True, speaks=True, duplex=True, unit_s=0.2)

    async def feed(self, block: Block) -> None:
        self.fed.append(block)

    async def spoken(self) -> UnitAnswer:
        while self.script:
            match self.script.pop(0):
                case UnitAnswer() as answer:
                    return answer
                case Exception() as failure:
                    raise failure
                case seconds:
                    await asyncio.sleep(seconds)
        return await asyncio.Event().wait()  # type: ignore[return-value]  # nothing more is said

    async def break_off(self, characters: int, heard_s: float) -> None:
        self.breaks.append((characters, heard_s))

    def context(self) -> ContextUse:
        return ContextUse({}, 100)


Story = Callable[[SessionCall], Awaitable[None]]


async def ten_seconds(call: SessionCall) -> None:
    await call.lasts(10.0, 0.01)


def calls(*scripts: list[Step], story: Story = ten_seconds) -> list[tuple[SessionCall, FarToy]]:
    """Calls at the same time in one process, one a script."""

    async def whole() -> list[tuple[SessionCall, FarToy]]:
        engines = [FarToy([], script=list(script)) for script in scripts]
        waiting = iter(engines)
        parts = toy_parts(lambda: next(waiting))
        made = [
            (SessionCall(Session(f"s{place}", parts, SETUPS["laptop"])), engine) for place, engine in enumerate(engines)
        ]

        async def one(call: SessionCall) -> None:
            async with call.running():
                await story(call)

        await asyncio.gather(*(one(call) for call, _ in made))
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_what_is_said_is_played_when_it_comes_and_every_moment_goes_there() -> None:
    [(call, engine)] = calls([UnitAnswer(0), 1.0, said("Hello there."), said(seconds=2.0), said(over=True)])
    [reply] = call.of(ReplyEnded)
    assert (reply.said, reply.cut) == ("Hello there.", False)
    assert 1.9 < call.heard_s() < 2.1
    units = [block for block in engine.fed if isinstance(block, UnitBlock)]
    assert len(units) >= 48 and {len(unit.samples) for unit in units} == {3200}
    assert [block.text for block in engine.fed if isinstance(block, ReplyBlock)] == ["Hello there."]
    assert not call.of(Notice) and not call.of(UnitDecided)


def test_an_interruption_reports_how_much_was_heard() -> None:
    async def interrupts(call: SessionCall) -> None:
        await call.lasts(3.0, 0.01)
        call.session.push(Interrupted())
        await call.lasts(2.0, 0.01)

    words = "one two three four five six seven eight nine ten eleven twelve thirteen"
    [(call, engine)] = calls([said(words), said(seconds=20.0), said(over=True)], story=interrupts)
    [reply] = call.of(ReplyEnded)
    [(characters, heard_s)] = engine.breaks
    assert reply.cut and words.startswith(reply.heard) and 0 < characters == len(reply.heard) < len(words)
    assert 2.5 < heard_s < 3.0


def test_a_server_that_dies_in_a_reply_is_mourned_aloud_and_tried_again() -> None:
    script: list[Step] = [UnitAnswer(0), said("So the"), said(seconds=0.5), Unavailable("It is gone.")]
    after: list[Step] = [Unavailable("It is gone."), UnitAnswer(0), 8.0, said("Back."), said(seconds=0.5, over=True)]

    async def lasts(call: SessionCall) -> None:
        await call.lasts(20.0, 0.01)

    [(call, _), (other, _)] = calls(
        [*script, *after], [UnitAnswer(0), 1.0, said("Hi."), said(seconds=1.0, over=True)], story=lasts
    )
    lost, again = call.of(ReplyEnded)
    assert lost.heard == f"So the {LOST}" and again.heard == "Back."
    assert [notice.code for notice in call.of(Notice)] == ["server_lost", "server_back"]
    assert call.heard_s() > 3.0, "the sentence is spoken"
    assert [reply.heard for reply in other.of(ReplyEnded)] == ["Hi."]
    assert not other.of(Notice)


def test_a_server_that_refuses_is_named() -> None:
    [(call, _)] = calls([EngineLost("The key is wrong.")])
    assert [reply.heard for reply in call.of(ReplyEnded)] == [REFUSED]
    assert [notice.text for notice in call.of(Notice)] == ["The key is wrong."]


def test_a_problem_that_the_server_repeats_is_shown_once() -> None:
    full: list[Step] = [BadInput("Number 2 in its queue."), 1.0]
    [(call, _)] = calls([*full, *full, BadInput("Number 1 in its queue."), UnitAnswer(0), *full])
    assert [notice.text for notice in call.of(Notice)] == [
        "Number 2 in its queue.",
        "Number 1 in its queue.",
        "Number 2 in its queue.",
    ]
