"""Units of several sessions: batched when they arrive together, on time, fair, and isolated when one fails."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from stream.runtime.device_thread import DeviceThread
from stream.runtime.unit_slots import UnitSlots
from tests.virtual_time import run_in_virtual_time

Batch = list[tuple[str, int]]


class ThreadMachine:
    """Computes on a real thread, after `takes_s(n)` of virtual time for n units."""

    def __init__(self, costs_s: float = 0.0, each_s: float = 0.0) -> None:
        self.once_s, self.each_s = costs_s, each_s
        self.batches: list[tuple[float, Batch]] = []
        self.fails: set[str] = set()
        self.breaks: set[str] = set()

    def takes_s(self, units: int) -> float:
        return self.once_s + units * self.each_s

    async def run(self, step: Any, *args: Any) -> Any:
        with DeviceThread("machine") as thread:
            began = asyncio.get_running_loop().time()
            self.batches.append((round(began, 3), [(str(session), unit) for session, unit in args[0]]))
            await asyncio.sleep(self.takes_s(len(args[0])))
            return await thread.run(step, *args)

    def compute_batch(self, units: Sequence[tuple["NamedSession", int]]) -> list[str | Exception]:
        if names := self.breaks & {session.name for session, _ in units}:
            raise ValueError(f"{names} broke")
        return [
            ValueError(f"{session} failed") if session.name in self.fails else f"{session}{unit}"
            for session, unit in units
        ]

    def slots(self, **options: Any) -> "UnitSlots[NamedSession, int, str]":
        return UnitSlots(self.run, self.compute_batch, expected_s=self.takes_s, **options)


class NamedSession:
    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


async def at(delay_s: float, work: Coroutine[Any, Any, Any]) -> tuple[float, Any]:
    await asyncio.sleep(delay_s)
    outcome = await work
    return round(asyncio.get_running_loop().time(), 3), outcome


async def speak(
    slots: "UnitSlots[NamedSession, int, str]", session: NamedSession, first_s: float, units: int
) -> list[str]:
    """A unit a second, as a session brings them."""
    await asyncio.sleep(first_s)
    outcomes = []
    due = asyncio.get_running_loop().time()
    for unit in range(units):
        outcomes.append(await slots.compute(session, unit, 1.0))
        due += 1.0
        await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0.0))
    return outcomes


def test_a_single_session_does_not_wait() -> None:
    machine = ThreadMachine(0.1)

    async def story() -> tuple[float, Any]:
        return await at(0, machine.slots().compute(NamedSession("a"), 0, 1.0))

    assert run_in_virtual_time(story()) == (0.1, "a0")


def test_units_that_arrive_within_a_slot_are_batched_and_each_session_gets_its_own() -> None:
    machine = ThreadMachine(0.1)

    async def story() -> list[list[str]]:
        slots = machine.slots(slot_s=0.08)
        return await asyncio.gather(
            *(speak(slots, NamedSession(name), first, 4) for name, first in [("a", 0), ("b", 0.05)])
        )

    assert run_in_virtual_time(story()) == [["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"]]
    # b is unknown at first; from the second unit on, a waits the 0.05 s for it.
    assert machine.batches[2:] == [(second + 0.05, [("a", second), ("b", second)]) for second in (1, 2, 3)]


def test_sessions_that_never_meet_in_a_slot_do_not_wait_for_each_other() -> None:
    machine = ThreadMachine(0.1)

    async def story() -> None:
        slots = machine.slots(slot_s=0.08)
        await asyncio.gather(speak(slots, NamedSession("a"), 0, 3), speak(slots, NamedSession("b"), 0.5, 3))

    run_in_virtual_time(story())
    assert [begun for begun, _ in machine.batches] == [0, 0.5, 1, 1.5, 2, 2.5]


def test_units_that_arrive_while_the_thread_computes_are_batched_next() -> None:
    machine = ThreadMachine(0.5)

    async def story() -> tuple[tuple[float, Any], ...]:
        slots = machine.slots()
        a, b, c = map(NamedSession, "abc")
        return await asyncio.gather(
            at(0, slots.compute(a, 0, 1)), at(0.2, slots.compute(b, 0, 1)), at(0.4, slots.compute(c, 0, 1))
        )

    assert [*run_in_virtual_time(story())] == [(0.5, "a0"), (1.0, "b0"), (1.0, "c0")]


def test_a_slot_closes_early_where_waiting_would_miss_a_deadline() -> None:
    machine = ThreadMachine(0.9)

    async def story() -> list[float]:
        slots = machine.slots(slot_s=0.2)
        await asyncio.gather(slots.compute(a := NamedSession("a"), 0, 1), slots.compute(b := NamedSession("b"), 0, 1))
        later = asyncio.create_task(at(0.25, slots.compute(b, 1, 1)))  # at 1.15: expected at 1.0
        first = await at(0.1, slots.compute(a, 1, 0.93))  # at 1.0: has 0.03 s to wait
        return [first[0], (await later)[0]]

    assert run_in_virtual_time(story()) == [1.93, 2.83]


def test_a_batch_is_no_larger_than_its_deadlines_allow() -> None:
    machine = ThreadMachine(0.1, each_s=0.3)

    async def story() -> tuple[tuple[float, Any], ...]:
        slots = machine.slots()
        urgent, patient = NamedSession("urgent"), NamedSession("patient")
        return await asyncio.gather(
            at(0, slots.compute(patient, 0, 2.0)), at(0, slots.compute(urgent, 0, 0.5))
        )  # together they would take 0.7 s

    assert [*run_in_virtual_time(story())] == [(0.8, "patient0"), (0.4, "urgent0")]


def test_an_overloaded_machine_serves_sessions_equally() -> None:
    machine = ThreadMachine(1.0)
    served = dict.fromkeys("abcde", 0)

    async def greedy(slots: "UnitSlots[NamedSession, int, str]", session: NamedSession) -> None:
        while True:
            await slots.compute(session, 0, 0.5)
            served[session.name] += 1

    async def story() -> None:
        slots = machine.slots(most=2)
        tasks = [asyncio.create_task(greedy(slots, NamedSession(name))) for name in served]
        await asyncio.sleep(50.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(1)  # what was being computed

    run_in_virtual_time(story())
    assert sum(served.values()) == 100
    assert max(served.values()) - min(served.values()) <= 1


def test_a_failing_unit_fails_its_own_session_only() -> None:
    machine = ThreadMachine()
    machine.fails = {"b"}

    async def story() -> list[Any]:
        slots = machine.slots()
        work = [slots.compute(NamedSession(name), 0, 1.0) for name in "abc"]
        return await asyncio.gather(*work, return_exceptions=True)

    a, b, c = run_in_virtual_time(story())
    assert (a, c) == ("a0", "c0")
    assert isinstance(b, ValueError)
    assert len(machine.batches) == 1


def test_a_broken_batch_is_computed_again_one_by_one() -> None:
    machine = ThreadMachine()
    machine.breaks = {"b"}

    async def story() -> list[Any]:
        slots = machine.slots()
        work = [slots.compute(NamedSession(name), 0, 1.0) for name in "abc"]
        return await asyncio.gather(*work, return_exceptions=True)

    a, b, c = run_in_virtual_time(story())
    assert (a, c) == ("a0", "c0")
    assert isinstance(b, ValueError)
    assert [len(batch) for _, batch in machine.batches] == [3, 1, 1, 1]


def test_a_unit_whose_session_leaves_is_never_computed() -> None:
    machine = ThreadMachine(0.5)

    async def story() -> None:
        slots = machine.slots()
        first = asyncio.create_task(slots.compute(NamedSession("a"), 0, 1.0))
        await asyncio.sleep(0.1)
        leaving, staying = (asyncio.create_task(slots.compute(NamedSession(name), 0, 1.0)) for name in "bc")
        await asyncio.sleep(0.1)
        leaving.cancel()
        await asyncio.wait({leaving})
        assert asyncio.get_running_loop().time() == pytest.approx(0.2)
        assert [await first, await staying] == ["a0", "c0"]

    run_in_virtual_time(story())
    assert [batch for _, batch in machine.batches] == [[("a", 0)], [("c", 0)]]


def test_a_session_that_leaves_during_its_unit_returns_at_once_and_affects_no_other() -> None:
    machine = ThreadMachine(0.5)

    async def story() -> tuple[float, Any]:
        slots = machine.slots()
        leaving = asyncio.create_task(slots.compute(NamedSession("a"), 0, 1.0))
        staying = asyncio.create_task(at(0, slots.compute(NamedSession("b"), 0, 1.0)))
        await asyncio.sleep(0.2)
        leaving.cancel()
        await asyncio.wait({leaving})
        assert asyncio.get_running_loop().time() == pytest.approx(0.2)
        return await staying

    assert run_in_virtual_time(story())[1] == "b0"


def test_several_units_of_one_session_are_computed_in_order_and_separately() -> None:
    machine = ThreadMachine(0.1)

    async def story() -> list[str]:
        slots, session = machine.slots(), NamedSession("a")
        return await asyncio.gather(*(slots.compute(session, unit, 1.0) for unit in range(3)))

    assert run_in_virtual_time(story()) == ["a0", "a1", "a2"]
    assert [batch for _, batch in machine.batches] == [[("a", 0)], [("a", 1)], [("a", 2)]]
