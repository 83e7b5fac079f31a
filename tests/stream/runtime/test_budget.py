from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sizing.unit_cost import SHARE
from dialogue.minicpm.tiny.checkpoint import write_tiny
from stream.models.model_choice import with_model, with_voice
from stream.models.setup import SETUPS, Setup
from stream.perception.interleave import UNIT_S
from stream.runtime import budget as budgets
from stream.runtime.budget import STAGES, TurnTiming, broken_by, percentile
from stream.runtime.unit_slots import SLOT_S


def test_the_first_mark_of_a_stage_wins() -> None:
    timing = TurnTiming(stopped_at=10.0)
    timing.mark("first_token", 10.3)
    timing.mark("first_token", 10.9)
    assert timing.marks == {"first_token": pytest.approx(0.3)}


def test_over_lists_late_stages_in_pipeline_order() -> None:
    timing = TurnTiming(0.0, {"first_sound_heard": 1.0, "transcript": 0.6, "first_token": 0.1})
    budget = {"transcript": 0.5, "first_token": 0.5, "first_sound_heard": 0.9}
    assert timing.over(budget) == ("transcript", "first_sound_heard")


def test_percentiles_interpolate() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.95) == 7
    with pytest.raises(ValueError, match="at least one value"):
        percentile([], 0.5)


def test_every_kind_of_engine_has_a_budget_of_its_own(tmp_path: Path) -> None:
    def chosen(kind: Kind) -> Setup:
        return with_model(write_tiny(kind, tmp_path / kind.name))

    assert chosen(Kind.V26).budget_s == budgets.TRANSCRIBED_BUDGET_S
    assert chosen(Kind.O26).budget_s == budgets.HEARING_BUDGET_S
    duplex = chosen(Kind.O45)
    assert duplex.budget_s == budgets.READ_DUPLEX_BUDGET_S, "without a recording to speak like, our voice reads"
    recording = tmp_path / "voice.wav"
    recording.write_bytes(b"")
    assert with_voice(duplex, recording, speaker_consents=True).budget_s == budgets.DUPLEX_BUDGET_S


def test_full_duplex_may_wait_for_a_whole_second_with_silence_in_it() -> None:
    silence_s = SETUPS["laptop"].turns.hangover_s
    waits_s = silence_s + UNIT_S + SLOT_S + SHARE * UNIT_S
    assert budgets.DUPLEX_BUDGET_S["turn_decided"] == pytest.approx(waits_s, abs=0.05)
    assert budgets.TRANSCRIBED_BUDGET_S["turn_decided"] < silence_s + UNIT_S


@pytest.mark.parametrize("name", [name for name in vars(budgets) if name.endswith("BUDGET_S")])
def test_a_budget_grows_along_the_pipeline(name: str) -> None:
    budget = vars(budgets)[name]
    assert set(budget) <= set(STAGES)
    times = [budget[stage] for stage in STAGES if stage in budget]
    assert times == sorted(times)


def test_the_stage_that_the_sound_waited_for_beyond_its_share_broke_the_budget() -> None:
    budget = {
        "transcript": 0.4,
        "turn_decided": 0.5,
        "first_token": 0.6,
        "first_sound_made": 0.7,
        "first_sound_sent": 0.75,
    }

    def by(transcript: float, decided: float, token: float, made: float, sent: float) -> str:
        return broken_by(dict(zip(budget, (transcript, decided, token, made, sent), strict=True)), budget)

    assert by(0.3, 0.4, 0.5, 0.6, 0.6) == ""
    assert by(0.9, 0.4, 1.0, 1.1, 1.1) == "transcript"
    assert by(0.2, 1.2, 0.3, 0.4, 1.2) == "turn_decided", "the sound was made long before"
    assert by(0.2, 1.2, 2.0, 2.1, 2.1) == "first_token", "the decision came before"
