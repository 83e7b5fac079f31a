"""Measured cost of sessions: the worst second of o 4.5 (`duplex_cost.py`) and of o 2.6 (`turn_cost.py`).

Also tests `worst_case.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from torch import Tensor

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex import MAX_STEPS, SpokenPiece
from dialogue.minicpm.sessions.session_o26 import SessionO26
from dialogue.minicpm.sizing import duplex_cost, turn_cost
from dialogue.minicpm.sizing.duplex_cost import measure_duplex
from dialogue.minicpm.sizing.turn_cost import TurnCost, measure_turns
from dialogue.minicpm.sizing.unit_cost import UnitCost, measure
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S
from dialogue.minicpm.speech.voice_o26 import CALL_STEPS, OVERLAP_CODES, VoiceO26
from dialogue.sizing.pace import READ_TOKENS

Open = Callable[[Kind], MiniCPM]


def test_measured_units_are_the_worst_case(model: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplex_cost, "measure", partial(measure, now=lambda: 0.0))
    made: list[SpokenPiece] = []

    def keep(said: Sequence[SpokenPiece]) -> None:
        made.extend(said)

    cost = measure_duplex(model(Kind.O45), context=256, make_sound=keep, most=2)
    assert [count for count, _ in cost.measured] == [1, 2]
    for said in made:
        assert len(said.spoken) == MAX_STEPS - 2
        assert said.codes is not None
        assert len(said.codes) == CODES_PER_S


def test_the_worst_second_is_the_worst_division_into_listening_and_answering() -> None:
    cost = TurnCost(units=UnitCost(((1, 0.3), (2, 0.35))), answers=UnitCost(((1, 0.2), (2, 0.3))))
    assert [cost.seconds(count) for count in (0, 1, 2)] == pytest.approx([0.0, 0.3, 0.5])
    assert [cost.sessions(share) for share in (0.2, 0.4, 0.5, 0.9)] == [0, 1, 2, 2]
    assert cost.unit_seconds(2) == 0.35


def test_slow_replies_limit_the_sessions_that_fast_units_allow() -> None:
    cost = TurnCost(units=UnitCost(((1, 0.1), (2, 0.1), (4, 0.1))), answers=UnitCost(((1, 0.4), (2, 0.9))))
    assert cost.sessions(0.75) == 1


class MeasuredSessions(list[SessionO26]):
    """Collects the measured sessions; the clock stands still, so that no machine is too slow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        full = turn_cost._full_session

        def kept(model: MiniCPM, context: int) -> SessionO26:
            self.append(full(model, context))
            assert self[-1].cache.length == self[-1].ledger.tokens == context
            return self[-1]

        monkeypatch.setattr(turn_cost, "_full_session", kept)
        monkeypatch.setattr(turn_cost, "measure", partial(measure, now=lambda: 0.0))

    def entries(self, kind: str) -> list[int]:
        return [sum(entry.kind == kind for entry in session.ledger.entries) for session in self]


def test_a_measured_second_of_o26_is_a_full_unit_and_a_second_of_speech(
    model: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, sounds, sound = MeasuredSessions(monkeypatch), list[int](), VoiceO26.sound

    def heard(voice: VoiceO26, codes: Sequence[Sequence[Sequence[int]]]) -> Tensor:
        sounds.extend(len(each) for each in codes)
        return sound(voice, codes)

    monkeypatch.setattr(VoiceO26, "sound", heard)
    cost = measure_turns(model(Kind.O26), context=256, most=2)
    assert [count for count, _ in cost.units.measured] == [count for count, _ in cost.answers.measured] == [1, 2]
    # The first session was measured five times (warm-up, twice alone, twice in a batch), the second twice.
    assert sessions.entries("picture") == sessions.entries("sound") == [5, 2]
    assert set(sounds) == {CALL_STEPS, CALL_STEPS + OVERLAP_CODES}
    assert len(sounds) == 2 * (5 + 2), "two calls of the speech decoder are a second of speech"


def test_without_its_voice_text_is_generated_at_reading_pace(model: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def replied(session: SessionO26) -> int:
        return sum(entry.tokens for entry in session.ledger.entries if entry.kind == "reply")

    sessions = MeasuredSessions(monkeypatch)
    measure_turns(model(Kind.O26), context=256, most=1, speaks=False)
    opened = turn_cost._full_session(model(Kind.O26), 256)
    next(opened.answer(1))
    assert replied(sessions[0]) - replied(opened) == 3 * READ_TOKENS
