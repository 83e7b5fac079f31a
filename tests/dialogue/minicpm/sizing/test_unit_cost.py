"""The number of sessions that fit, by measured times and by memory (`dialogue/sizing/session_memory.py`)."""

from __future__ import annotations

import math

import pytest
import torch

from dialogue.minicpm.sizing.unit_cost import UnitCost, measure
from dialogue.sizing import session_memory
from dialogue.sizing.session_memory import sessions_in_memory


class SimulatedMachine:
    """A clock that advances only with work: a time for the weights and a time for each session."""

    def __init__(self, once_s: float, each_s: float, first_s: float = 0.0) -> None:
        self.time, self.tried = 0.0, list[int]()
        self._once_s, self._each_s, self._first_s = once_s, each_s, first_s

    def compute(self, sessions: int) -> None:
        self.time += self._once_s + sessions * self._each_s + (0.0 if self.tried else self._first_s)
        self.tried.append(sessions)

    def cost(self, **options: int) -> UnitCost:
        return measure(self.compute, now=lambda: self.time, **options)


def test_costs_are_linear_between_measured_points() -> None:
    cost = UnitCost(((1, 0.2), (2, 0.3), (4, 0.7)))
    assert [cost.seconds(count) for count in (0, 1, 2, 3, 4, 8)] == pytest.approx([0, 0.2, 0.3, 0.5, 0.7, 1.4])


def test_sessions_fit_into_the_share_and_are_at_most_those_measured() -> None:
    cost = UnitCost(((1, 0.2), (2, 0.3), (4, 0.7)))
    assert [cost.sessions(share) for share in (0.1, 0.2, 0.5, 0.69, 0.7, 1.0)] == [0, 1, 3, 3, 4, 4]


def test_measuring_doubles_until_it_does_not_fit() -> None:
    machine = SimulatedMachine(once_s=0.1, each_s=0.1, first_s=2.0)
    cost = machine.cost()
    assert machine.tried == [1, 1, 1, 2, 2, 4, 4, 8, 8]
    assert cost.sessions(0.75) == 6


def test_measuring_stops_at_the_limit_of_sessions() -> None:
    machine = SimulatedMachine(once_s=0.01, each_s=0.0)
    assert machine.cost(most=6).sessions() == 6
    assert max(machine.tried) == 6


def test_a_machine_that_is_far_too_slow_is_measured_once() -> None:
    machine = SimulatedMachine(once_s=20.0, each_s=5.0)
    assert machine.cost().sessions() == 0
    assert machine.tried == [1]


def test_work_of_several_seconds_counts_by_the_second() -> None:
    machine = SimulatedMachine(once_s=0.2, each_s=0.2)
    cost = measure(machine.compute, now=lambda: machine.time, lasts_s=2.0)
    assert cost.seconds(1) == pytest.approx(0.2)


def test_memory_limits_the_sessions_and_allows_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_memory, "free_memory", lambda: 1000.0)
    fitting = [sessions_in_memory(each, torch.device("cpu"), most=8) for each in (100, 300, 2000)]
    assert fitting == [8, 3, 1]
    monkeypatch.setattr(session_memory, "free_memory", lambda: math.inf)
    assert sessions_in_memory(10**12, torch.device("cpu"), most=8) == 8
