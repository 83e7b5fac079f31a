"""Sound and words affect the end of a turn: an unfinished sentence waits longer, a whole one is answered sooner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from dialogue.engine import Engine
from stream.models.setup import SETUPS
from stream.runtime.events import TurnTimed, UserCaption
from stream.session.session import Session
from stream.turns.patience import LONGEST_S
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, ToyTranscriber, ToyTurnEnd, toy_parts
from tests.virtual_time import run_in_virtual_time

SETUP = SETUPS["laptop"]
OVER, CUT = 0.999, 0.001


@dataclass
class ToyModel:
    """An engine factory whose judge of words always gives the same probability."""

    opinion: float
    engine: ToyEngine = field(default_factory=lambda: ToyEngine(["Yes."]))
    asked: list[str] = field(default_factory=list)
    judges_apart: bool = False

    def __call__(self) -> ToyEngine:
        return self.engine

    def finished(self, text: str) -> float:
        self.asked.append(text)
        return self.opinion


def call(
    factory: Callable[[], Engine],
    story: Callable[[SessionCall], Awaitable[None]],
    hears: float | None,
    transcriber: ToyTranscriber | None = None,
) -> SessionCall:
    async def whole() -> SessionCall:
        turn_end = ToyTurnEnd(hears) if hears is not None else None
        parts = toy_parts(factory, transcriber, turn_end=turn_end)
        made = SessionCall(Session("test", parts, SETUP))
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=60)


async def one_question(call: SessionCall) -> None:
    await call.lasts(0.5)
    await call.speaks(1.0)
    await call.lasts(5.0)


async def a_pause_of_600_ms(call: SessionCall) -> None:
    await call.lasts(0.5)
    await call.speaks(1.0)
    await call.lasts(0.6)
    await call.speaks(1.0)
    await call.lasts(5.0)


def decided_after_s(result: SessionCall) -> float:
    return dict(result.of(TurnTimed)[-1].marks)["turn_decided"]


def test_a_turn_that_is_surely_over_ends_sooner_and_one_that_is_not_waits() -> None:
    model = ToyModel(0.9)
    assert decided_after_s(call(model, one_question, OVER)) < SETUP.turns.hangover_s - 0.1
    assert model.asked == ["What do you see?"]
    assert decided_after_s(call(ToyModel(0.0), one_question, CUT)) >= LONGEST_S - 0.06


def test_words_and_sound_are_weighed_together() -> None:
    sound_only = decided_after_s(call(ToyModel(0.9).__call__, one_question, CUT))
    assert decided_after_s(call(ToyModel(0.9), one_question, CUT)) < sound_only


def test_words_that_were_hardly_understood_do_not_end_a_turn() -> None:
    """Another language, heard as English, reads like a whole sentence."""
    model, doubtful = ToyModel(0.9), ToyTranscriber("Thank you very much.", confidence=0.3)
    sound_only = decided_after_s(call(ToyModel(0.9).__call__, one_question, CUT))
    assert decided_after_s(call(model, one_question, CUT, doubtful)) == pytest.approx(sound_only, abs=0.06)
    assert not model.asked


def test_words_of_another_language_count_by_its_table() -> None:
    model = ToyModel(0.9)
    whole, cut = (ToyTranscriber(words, language="zh") for words in ("现在几点了？", "请给我讲一个"))
    assert decided_after_s(call(model, one_question, CUT, whole)) < 0.35
    assert decided_after_s(call(model, one_question, OVER, cut)) >= LONGEST_S - 0.06
    assert not model.asked, "the language model is asked about English words"


def test_without_a_model_of_turn_ends_silence_alone_decides() -> None:
    result = call(ToyModel(0.0), one_question, None)
    assert decided_after_s(result) == pytest.approx(SETUP.turns.hangover_s, abs=0.06)


@pytest.mark.parametrize(("hears", "opinion", "turns"), [(OVER, 0.9, 2), (CUT, 0.0, 1)])
def test_a_pause_in_the_middle_of_a_sentence_does_not_end_the_turn(hears: float, opinion: float, turns: int) -> None:
    result = call(ToyModel(opinion), a_pause_of_600_ms, hears)
    assert len({caption.turn for caption in result.of(UserCaption) if caption.final and caption.text}) == turns


def test_no_words_are_not_judged() -> None:
    model = ToyModel(0.9)
    result = call(model, one_question, OVER, ToyTranscriber(says=""))
    assert model.asked == []
    assert result.of(TurnTimed) == []
