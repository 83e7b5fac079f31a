"""Batches units of several sessions that arrive in the same time slot.

A full-duplex session brings a unit every second and needs its outcome before the next one. Reading a model's weights
is most of a unit's cost, so units that arrive close together share one pass. A slot opens with the first pending unit.
It closes when no other session is expected in it, when it is full, after `slot_s`, or at the last moment at which every
deadline can still be met. While the thread computes, the next slot collects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dialogue.blocks import UnitBlock
from dialogue.engine import Runner, UnitAnswer, UnitEngine

S = TypeVar("S")
U = TypeVar("U")
R = TypeVar("R")

SLOT_S = 0.08  # how long a unit may wait for others: not noticeable in replies a second apart
FORGET_AFTER_S = 60.0  # a session that brings no unit for this long is forgotten


@dataclass(eq=False, slots=True)
class _PendingUnit(Generic[S, U, R]):
    session: S
    unit: U
    arrived_s: float
    deadline_s: float
    outcome: asyncio.Future[R]


@dataclass(slots=True)
class _Rhythm:
    """When a session last brought a unit, and the number of its last computed unit among all units."""

    arrived_s: float
    served: int


class UnitSlots(Generic[S, U, R]):
    """Shared by the sessions of one model, on one event loop. Times are the loop's.

    `compute_batch` gets at most one unit per session and runs on the model's thread through `run`. It returns an
    outcome for each, in order; an outcome that is an Exception is raised to its session only. If it raises, it must
    leave every session unchanged: the units are then computed one by one. `expected_s(n)` is how long n units take.
    """

    def __init__(
        self,
        run: Runner,
        compute_batch: Callable[[Sequence[tuple[S, U]]], Sequence[R | Exception]],
        *,
        most: int = 8,
        expected_s: Callable[[int], float] = lambda units: 0.0,
        slot_s: float = SLOT_S,
        unit_s: float = 1.0,
    ) -> None:
        assert most > 0
        self._run, self._compute_batch, self._expected_s = run, compute_batch, expected_s
        self._most, self._slot_s, self._unit_s = most, slot_s, unit_s
        self._pending: list[_PendingUnit[S, U, R]] = []  # in order of arrival
        self._rhythms: dict[int, _Rhythm] = {}  # by id, so that no session is kept alive
        self._served = 0  # units started so far
        self._changed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None  # runs while a unit is pending

    async def compute(self, session: S, unit: U, within_s: float) -> R:
        """The outcome of a unit, due `within_s` seconds from now. Raises what computing this unit raised.

        When the caller is cancelled, a pending unit is removed at once; one that is being computed runs to its end on
        the thread, so that a rewind queued behind it finds the session consistent.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._note_arrival(session, now)
        pending = _PendingUnit[S, U, R](session, unit, now, now + within_s, loop.create_future())
        self._pending.append(pending)
        self._changed.set()
        if self._serving is None:
            self._serving = loop.create_task(self._serve(), name="unit slots")
        try:
            return await pending.outcome
        finally:
            if pending in self._pending:
                self._pending.remove(pending)
                self._changed.set()

    async def _serve(self) -> None:
        try:
            while self._pending:
                await self._slot()
                if batch := self._batch():
                    await self._compute(batch)
        finally:
            self._serving = None
            for left in self._pending:
                left.outcome.cancel()

    async def _slot(self) -> None:
        """Wait until the slot closes."""
        while self._pending:
            now = asyncio.get_running_loop().time()
            closes_s = self._closes_s(now)
            if now >= closes_s:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout_at(closes_s):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _closes_s(self, now: float) -> float:
        present = {id(each.session) for each in self._pending}
        latest = self._pending[0].arrived_s + self._slot_s
        expected = sum(
            now - self._slot_s <= rhythm.arrived_s + self._unit_s <= latest
            for session, rhythm in self._rhythms.items()
            if session not in present
        )
        if not expected or len(present) >= self._most:
            return now
        takes_s = self._expected_s(min(len(present) + expected, self._most))
        return min(latest, *(each.deadline_s - takes_s for each in self._pending))

    def _batch(self) -> list[_PendingUnit[S, U, R]]:
        """Remove and return the next units, one per session: late ones first, the session that was served longest ago
        in front; then by deadline. The batch is smaller than possible where that meets more deadlines."""
        now = asyncio.get_running_loop().time()
        first: dict[int, _PendingUnit[S, U, R]] = {}
        for each in self._pending:
            first.setdefault(id(each.session), each)
        late = [each for each in first.values() if each.deadline_s <= now]
        in_time = [each for each in first.values() if each.deadline_s > now]
        late.sort(key=lambda each: self._rhythms[id(each.session)].served)
        ordered = [*late, *sorted(in_time, key=lambda each: each.deadline_s)]
        sizes = range(1, min(self._most, len(ordered)) + 1)
        batch = ordered[: max(sizes, key=lambda size: (self._in_time(ordered, size, now), size), default=0)]
        for each in batch:
            self._pending.remove(each)
            self._served += 1
            self._rhythms[id(each.session)].served = self._served
        return batch

    def _in_time(self, ordered: Sequence[_PendingUnit[S, U, R]], size: int, now: float) -> int:
        """How many deadlines are met if the first `size` units are computed now and the others next."""
        first_s = now + self._expected_s(size)
        then_s = first_s + self._expected_s(min(len(ordered) - size, self._most))
        return sum(each.deadline_s >= (first_s if place < size else then_s) for place, each in enumerate(ordered))

    async def _compute(self, batch: Sequence[_PendingUnit[S, U, R]]) -> None:
        try:
            outcomes = await self._run(self._compute_batch, [(each.session, each.unit) for each in batch])
        except Exception as error:
            if len(batch) == 1:
                _settle(batch[0].outcome, error)
                return
            for each in batch:
                if not each.outcome.done():
                    await self._compute([each])
            return
        except BaseException:  # the thread is closed, or the loop is stopping
            for each in batch:
                each.outcome.cancel()
            raise
        for each, outcome in zip(batch, outcomes, strict=True):
            _settle(each.outcome, outcome)

    def _note_arrival(self, session: S, now: float) -> None:
        pending_ids = {id(each.session) for each in self._pending}
        forget_before_s = now - FORGET_AFTER_S
        self._rhythms = {
            key: rhythm
            for key, rhythm in self._rhythms.items()
            if rhythm.arrived_s > forget_before_s or key in pending_ids
        }
        self._rhythms.setdefault(id(session), _Rhythm(now, self._served)).arrived_s = now


def _settle(future: asyncio.Future[R], outcome: R | Exception) -> None:
    if future.done():  # its session was closed in the meantime
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class OneByOne:
    """Feeds the units of engines that share nothing here."""

    async def compute(self, session: UnitEngine, unit: UnitBlock, within_s: float) -> UnitAnswer:
        await session.feed(unit)
        return UnitAnswer(0)


Slots = UnitSlots[UnitEngine, UnitBlock, UnitAnswer] | OneByOne
