from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.minicpm.checkpoints.kind import Kind
from dialogue.minicpm.sizing.unit_cost import SHARE
from dialogue.minicpm.tiny.checkpoint import write_tiny
from stream.models import setup
from stream.models.model_choice import with_model, with_voice
from stream.models.setup import STAGES
from stream.models.unit_slots import SLOT_S
from stream.perception.interleave import UNIT_S
from stream.runtime.budget import TurnTiming, percentile


def test_the_first_mark_of_a_stage_wins() -> None:
    timing = TurnTiming(stopped_at=10.0)
    timing.mark("first_token", 10.3)
    timing.mark("first_token", 10.9)
    assert timing.marks == {"first_token": pytest.approx(0.3)}


def test_over_lists_late_stages_in_the_order_of_the_chain() -> None:
    timing = TurnTiming(0.0, {"first_sound_heard": 1.0, "transcript": 0.6, "first_token": 0.1})
    budget = {"transcript": 0.5, "first_token": 0.5, "first_sound_heard": 0.9}
    assert timing.over(budget) == ("transcript", "first_sound_heard")


def test_percentiles_interpolate() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.95) == 7
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_every_kind_of_engine_has_a_budget_of_its_own(tmp_path: Path) -> None:
    def chosen(kind: Kind) -> setup.Setup:
        return with_model(write_tiny(kind, tmp_path / kind.name))

    assert chosen(Kind.V26).budget_s == setup.LAPTOP_BUDGET_S
    assert chosen(Kind.O26).budget_s == setup.HEARING_BUDGET_S
    duplex = chosen(Kind.O45)
    assert duplex.budget_s == setup.READ_DUPLEX_BUDGET_S, "without a recording to speak like, our voice reads"
    recording = tmp_path / "voice.wav"
    recording.write_bytes(b"")
    assert with_voice(duplex, recording, speaker_consents=True).budget_s == setup.DUPLEX_BUDGET_S


def test_full_duplex_may_wait_for_a_whole_second_with_silence_in_it() -> None:
    silence_s = setup.SETUPS["minicpm"].hangover_s
    waits_s = silence_s + UNIT_S + SLOT_S + SHARE * UNIT_S
    assert setup.DUPLEX_BUDGET_S["turn_decided"] == pytest.approx(waits_s, abs=0.05)
    assert setup.LAPTOP_BUDGET_S["turn_decided"] < silence_s + UNIT_S


@pytest.mark.parametrize("name", [name for name in vars(setup) if name.endswith("BUDGET_S")])
def test_a_budget_grows_along_the_chain(name: str) -> None:
    budget = vars(setup)[name]
    assert set(budget) <= set(STAGES)
    times = [budget[stage] for stage in STAGES if stage in budget]
    assert times == sorted(times)
