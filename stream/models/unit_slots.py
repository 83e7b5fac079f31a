"""Units of several sessions that fall into the same time slot are computed together.

A full-duplex session brings a unit a second and wants its outcome before the next one. Reading a model's weights is
most of a unit's cost, so units that come close together share one reading. A slot opens with the first unit that
waits; it closes when nobody else is expected in it, when it is full, after `slot_s`, or at the last moment at which
every deadline can still be met. While the thread computes, the next slot collects. Knows neither models nor sound.
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

SLOT_S = 0.08  # what a unit may wait for others: a user does not notice it in a reply that comes a second apart
GONE_S = 60.0  # a session that has brought nothing for so long is forgotten


@dataclass(eq=False, slots=True)
class _Waiting(Generic[S, U, R]):
    session: S
    unit: U
    came_s: float
    due_s: float
    outcome: asyncio.Future[R]


@dataclass(slots=True)
class _Rhythm:
    """When a session last brought a unit, and which in the row of all units its last one was."""

    came_s: float
    served: int


class UnitSlots(Generic[S, U, R]):
    """Shared by the sessions of one model, on one event loop. Times are those of the loop.

    `compute_together` gets at most one unit of each session and runs on the model's thread through `run`. It returns
    an outcome for each, in order; an outcome that is an Exception is raised to its session only. If it raises itself,
    no session may have changed: its units are then computed one by one. `expected_s(n)` is how long n units take.
    """

    def __init__(
        self,
        run: Runner,
        compute_together: Callable[[Sequence[tuple[S, U]]], Sequence[R | Exception]],
        *,
        most: int = 8,
        expected_s: Callable[[int], float] = lambda units: 0.0,
        slot_s: float = SLOT_S,
        unit_s: float = 1.0,
    ) -> None:
        assert most > 0
        self._run, self._together, self._expected_s = run, compute_together, expected_s
        self._most, self._slot_s, self._unit_s = most, slot_s, unit_s
        self._waiting: list[_Waiting[S, U, R]] = []  # in the order they came
        self._rhythms: dict[int, _Rhythm] = {}  # by id: a session that has gone is not kept alive
        self._served = 0  # units begun so far
        self._changed = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None  # lives while a unit waits

    async def compute(self, session: S, unit: U, within_s: float) -> R:
        """The outcome, wanted within so many seconds from now. Raises what computing this unit raised.

        A cancelled caller's unit is taken out at once; one that is being computed runs to its end on the thread, so
        that a rewind which is queued there behind it finds the session whole.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._met(session, now)
        waiting = _Waiting[S, U, R](session, unit, now, now + within_s, loop.create_future())
        self._waiting.append(waiting)
        self._changed.set()
        if self._serving is None:
            self._serving = loop.create_task(self._serve(), name="unit slots")
        try:
            return await waiting.outcome
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._changed.set()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._slot()
                if batch := self._batch():
                    await self._compute(batch)
        finally:
            self._serving = None
            for left in self._waiting:
                left.outcome.cancel()

    async def _slot(self) -> None:
        """Returns when the slot closes."""
        while self._waiting:
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
        present = {id(each.session) for each in self._waiting}
        latest = self._waiting[0].came_s + self._slot_s
        expected = sum(
            now - self._slot_s <= rhythm.came_s + self._unit_s <= latest
            for session, rhythm in self._rhythms.items()
            if session not in present
        )
        if not expected or len(present) >= self._most:
            return now
        takes_s = self._expected_s(min(len(present) + expected, self._most))
        return min(latest, *(each.due_s - takes_s for each in self._waiting))

    def _batch(self) -> list[_Waiting[S, U, R]]:
        """The next units, taken out: one of a session. Late ones first, of those the session that has waited longest;
        then the one that is due first. Fewer than could be, where so more deadlines are met."""
        now = asyncio.get_running_loop().time()
        first: dict[int, _Waiting[S, U, R]] = {}
        for each in self._waiting:
            first.setdefault(id(each.session), each)
        late = [each for each in first.values() if each.due_s <= now]
        in_time = [each for each in first.values() if each.due_s > now]
        late.sort(key=lambda each: self._rhythms[id(each.session)].served)
        ordered = [*late, *sorted(in_time, key=lambda each: each.due_s)]
        sizes = range(1, min(self._most, len(ordered)) + 1)
        batch = ordered[: max(sizes, key=lambda size: (self._in_time(ordered, size, now), size), default=0)]
        for each in batch:
            self._waiting.remove(each)
            self._served += 1
            self._rhythms[id(each.session)].served = self._served
        return batch

    def _in_time(self, ordered: Sequence[_Waiting[S, U, R]], size: int, now: float) -> int:
        """How many deadlines are met if the first `size` are computed now and the others next."""
        first_s = now + self._expected_s(size)
        then_s = first_s + self._expected_s(min(len(ordered) - size, self._most))
        return sum(each.due_s >= (first_s if place < size else then_s) for place, each in enumerate(ordered))

    async def _compute(self, batch: Sequence[_Waiting[S, U, R]]) -> None:
        try:
            outcomes = await self._run(self._together, [(each.session, each.unit) for each in batch])
        except Exception as error:
            if len(batch) == 1:
                _settle(batch[0].outcome, error)
                return
            for each in batch:
                if not each.outcome.done():
                    await self._compute([each])
            return
        except BaseException:  # the thread is closed, or the loop ends
            for each in batch:
                each.outcome.cancel()
            raise
        for each, outcome in zip(batch, outcomes, strict=True):
            _settle(each.outcome, outcome)

    def _met(self, session: S, now: float) -> None:
        there = {id(each.session) for each in self._waiting}
        gone = now - GONE_S
        self._rhythms = {key: one for key, one in self._rhythms.items() if one.came_s > gone or key in there}
        self._rhythms.setdefault(id(session), _Rhythm(now, self._served)).came_s = now


def _settle(future: asyncio.Future[R], outcome: R | Exception) -> None:
    if future.done():  # its session has left meanwhile
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


Slots = UnitSlots[UnitEngine, UnitBlock, UnitAnswer]
