"""The number of conversations that a server admits, and what it says about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dialogue.engine import EngineFactories, Runner
from dialogue.engines.minicpm.minicpm3 import open_minicpm3
from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Model
from dialogue.engines.minicpm.minicpm_v import capabilities_of_folder, open_minicpm_v
from dialogue.engines.registry import entry_named
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sizing.turn_cost import TurnCost
from dialogue.minicpm.tiny.checkpoint import write_tiny
from dialogue.sizing.pace import DecodePace
from stream.models.capacity import Capacity, capacity_of
from stream.models.setup import SETUPS
from stream.runtime.device_thread import DeviceThread
from stream.runtime.unit_slots import UnitSlots
from tests.dialogue.minicpm.session_inputs import second
from tests.stream.toy_parts import ToyEngine, toy_parts


@dataclass
class MeasuredCost:
    fit: int
    each_s: float

    def seconds(self, sessions: int) -> float:
        return sessions * self.each_s

    def unit_seconds(self, sessions: int) -> float:
        return self.seconds(sessions)

    def sessions(self) -> int:
        return self.fit


@dataclass
class CapacityParts:
    capacity: Capacity | None = None


def test_a_measurement_overrides_the_setup() -> None:
    laptop = SETUPS["laptop"]
    assert capacity_of(CapacityParts(), laptop).sessions == laptop.capacity
    assert capacity_of(CapacityParts(Capacity.from_units(MeasuredCost(5, 0.1))), laptop).sessions == 5


def test_the_users_number_overrides_a_measurement() -> None:
    requested = replace(SETUPS["laptop"], sessions=3)
    for parts in (CapacityParts(), CapacityParts(Capacity.from_units(MeasuredCost(1, 0.5)))):
        assert capacity_of(parts, requested) == Capacity(3, "3 conversations at once, as --sessions asks")


def test_a_machine_that_cannot_keep_up_takes_one_and_says_so() -> None:
    capacity = Capacity.from_units(MeasuredCost(0, 3.1))
    assert capacity.sessions == 1
    assert "3.1 s" in capacity.about


def test_the_speed_of_an_llm_can_only_lower_the_number() -> None:
    laptop = SETUPS["laptop"]
    quick, slow = Capacity.from_replies(DecodePace(0.01)), Capacity.from_replies(DecodePace(0.1))
    assert capacity_of(CapacityParts(quick), laptop) == Capacity.of_setup(laptop), (
        "ASR, vision and TTS were not measured"
    )
    assert capacity_of(CapacityParts(slow), laptop).sessions == 1 < laptop.capacity
    lagging = Capacity.from_replies(DecodePace(0.5))
    assert lagging.sessions == 1
    assert "lag" in lagging.about and "2.0 s" in lagging.about


@pytest.mark.parametrize("kind", [Kind.V26, Kind.TEXT3])
def test_turn_based_engines_measure_their_pace(kind: Kind, tmp_path: Path) -> None:
    folder = write_tiny(kind, tmp_path / kind.name)

    async def story() -> None:
        toys = toy_parts(lambda: ToyEngine([]))
        run = toys.threads.llm.run
        open_it = open_minicpm3 if kind is Kind.TEXT3 else open_minicpm_v
        factories = await run(open_it, folder, run, 3072)
        live = factories.live if isinstance(factories, EngineFactories) else factories
        name = "minicpm3" if kind is Kind.TEXT3 else "minicpm_v"
        parts = replace(toys, new_engine=live, measuring=entry_named(name).measure)
        await parts.measure()
        assert parts.capacity is not None
        assert parts.capacity.at_most
        assert parts.capacity.sessions >= 1
        parts.close()

    asyncio.run(story())


def tiny_o45(folder: Path, run: Runner, voice: NDArray[np.float32] | None = None) -> MiniCPMO45Model:
    factories = open_minicpm_v(folder, run, 512, precision="float32", seed=3, voice=voice)
    assert isinstance(factories, EngineFactories)
    assert isinstance(factories.live, MiniCPMO45Model)
    return factories.live


def test_parts_measure_what_their_engine_can_hold(tmp_path: Path) -> None:
    folder = write_tiny(Kind.O45, tmp_path / "o45")

    async def story() -> None:
        parts = toy_parts(lambda: ToyEngine([]))
        await parts.measure()
        assert parts.capacity is None, "a toy engine measures nothing"
        shared = await parts.threads.llm.run(tiny_o45, folder, parts.threads.llm.run)
        parts = replace(parts, new_engine=shared, measuring=entry_named("minicpm_o45").measure)
        await parts.measure()
        assert parts.capacity is not None
        assert parts.capacity.sessions >= 1
        assert "measured" in parts.capacity.about or "lag" in parts.capacity.about
        assert parts.slots is not None
        parts.close()

    asyncio.run(story())


def test_o26_measures_the_cost_of_its_sessions_and_of_their_units(tmp_path: Path) -> None:
    folder = write_tiny(Kind.O26, tmp_path / "o26")

    async def story() -> None:
        toys = toy_parts(lambda: ToyEngine([]))
        run = toys.threads.llm.run
        factories = await run(open_minicpm_v, folder, run, 512)
        assert isinstance(factories, EngineFactories)
        parts = replace(toys, new_engine=factories.live, measuring=entry_named("minicpm_o26").measure)
        await parts.measure()
        assert parts.capacity is not None
        assert isinstance(parts._cost, TurnCost)
        assert parts._cost.seconds(1) >= parts._cost.unit_seconds(1) > 0
        assert parts.slots is not None
        assert isinstance(parts.slots, UnitSlots)
        assert parts.slots._expected_s(1) == parts._cost.unit_seconds(1)
        assert "measured" in parts.capacity.about or "lag" in parts.capacity.about
        parts.close()

    asyncio.run(story())


def test_o45_speaks_where_it_has_a_vocoder_and_a_voice(tmp_path: Path) -> None:
    folder = write_tiny(Kind.O45, tmp_path / "o45")
    voice = np.concatenate([second(1), second(2)])

    with DeviceThread("llm") as thread:
        for recording in (None, voice):
            can = tiny_o45(folder, thread.run, recording).can
            assert can.speaks == (recording is not None)
            assert can == capabilities_of_folder(folder, has_voice=recording is not None)
