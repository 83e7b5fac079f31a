"""The transcript affects the end of a turn: an unfinished sentence waits longer, a whole one is answered sooner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from dialogue.engine import Engine
from stream.models.setup import SETUPS
from stream.runtime.events import TurnTimed, UserCaption
from stream.session.session import Session
from tests.stream.calls import Call
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]
WHOLE, UNCLEAR, CUT = 0.5, 0.01, 0.0


@dataclass
class ToyModel:
    """An engine factory whose turn judge always gives the same probability."""

    opinion: float
    engine: ToyEngine = field(default_factory=lambda: ToyEngine(["Yes."]))
    asked: list[str] = field(default_factory=list)

    def __call__(self) -> ToyEngine:
        return self.engine

    def finished(self, text: str) -> float:
        self.asked.append(text)
        return self.opinion


def call(
    factory: Callable[[], Engine], story: Callable[[Call], Awaitable[None]], transcriber: ToyTranscriber | None = None
) -> Call:
    async def whole() -> Call:
        parts = toy_parts(factory, transcriber)
        made = Call(Session("test", parts, SETUP))
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=60)


async def one_question(call: Call) -> None:
    await call.lasts(0.5)
    await call.speaks(1.0)
    await call.lasts(4.0)


async def a_pause_of_600_ms(call: Call) -> None:
    await call.lasts(0.5)
    await call.speaks(1.0)
    await call.lasts(0.6)
    await call.speaks(1.0)
    await call.lasts(4.0)


def decided_after_s(result: Call) -> float:
    return dict(result.of(TurnTimed)[-1].marks)["turn_decided"]


@pytest.mark.parametrize(("opinion", "least", "most"), [(WHOLE, 0.20, 0.30), (UNCLEAR, 0.38, 0.46), (CUT, 0.88, 0.96)])
def test_a_turn_ends_sooner_after_a_whole_sentence_and_later_in_a_cut_one(
    opinion: float, least: float, most: float
) -> None:
    model = ToyModel(opinion)
    result = call(model, one_question)
    assert model.asked == ["What do you see?"]
    assert least <= decided_after_s(result) <= most


def test_without_a_semantic_model_silence_alone_decides() -> None:
    result = call(ToyModel(CUT).__call__, one_question)
    assert decided_after_s(result) == pytest.approx(decided_after_s(call(ToyModel(UNCLEAR), one_question)))


@pytest.mark.parametrize(("opinion", "turns"), [(UNCLEAR, 2), (CUT, 1)])
def test_a_pause_in_the_middle_of_a_sentence_does_not_end_the_turn(opinion: float, turns: int) -> None:
    result = call(ToyModel(opinion), a_pause_of_600_ms)
    assert len({caption.turn for caption in result.of(UserCaption) if caption.final and caption.text}) == turns


def test_no_words_are_not_judged() -> None:
    model = ToyModel(WHOLE)
    result = call(model, one_question, ToyTranscriber(says=""))
    assert model.asked == []
    assert result.of(TurnTimed) == []
