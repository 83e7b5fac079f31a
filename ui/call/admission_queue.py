"""The places of one server: sessions get them in the order of the queue, whatever protocol they speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from dialogue.errors import Busy
from stream.models.admission import Admission
from ui.call.metrics import Metrics
from ui.call.waiting_line import ASK_EVERY_S, InLine, WaitingLine

Report = Callable[[InLine, int], Awaitable[None]]  # the caller's position; the number of callers that wait


class AdmissionQueue:
    """`crowded` is called when a session has got a place: it may end sessions that hold memory without a place."""

    def __init__(self, admission: Admission, metrics: Metrics, crowded: Callable[[], None] = lambda: None) -> None:
        self.admission = admission
        self.line = WaitingLine()
        self._metrics, self._crowded = metrics, crowded
        self._now = asyncio.get_running_loop().time

    def take(self, ticket: str | None, client: str | None, *, ahead: bool = False) -> None:
        """Takes a place, `ahead` of the queue or in its turn. Raises InLine, with the caller's position, or Busy where
        the queue is full. Each `take` needs one `leave`."""
        admission, now = self.admission, self._now()
        position = self.line.position(ticket, now)
        if ahead or position <= admission.capacity - admission.taken:
            admission.take()
            self.line.leave(ticket)
            self._metrics.sessions.set(admission.taken)
            return
        kept = self.line.wait(ticket, client, now)
        if kept is None:
            raise Busy(self._busy)
        wait_s = self.line.expected_wait_s(position, admission.capacity)
        raise InLine(f"{self._busy} You are number {position} in the queue.", kept, position, wait_s)

    def leave(self) -> None:
        """Gives a place back."""
        self.admission.leave()
        self._metrics.sessions.set(self.admission.taken)

    @asynccontextmanager
    async def held(self, client: str | None, report: Report | None = None) -> AsyncIterator[None]:
        """Holds a place for the length of an `async with` block.

        With `report` it waits for its turn and reports its position every few seconds; else it raises Busy where it
        would have to wait. Raises Busy where the queue is full.
        """
        if report is None and self.line.position(None, self._now()) > self.admission.capacity - self.admission.taken:
            raise Busy(self._busy)
        await self._turn(client, report)
        began = self._now()
        try:
            self._crowded()
            yield
        finally:
            self.leave()
            self.line.call_ended(self._now() - began)

    async def _turn(self, client: str | None, report: Report | None) -> None:
        ticket: str | None = None
        try:
            while True:
                try:
                    self.take(ticket, client)
                    return
                except InLine as waiting:
                    ticket = waiting.ticket
                    if report is not None:
                        await report(waiting, len(self.line))
                    await asyncio.sleep(ASK_EVERY_S)
        finally:
            self.line.leave(ticket)

    @property
    def _busy(self) -> str:
        return f"{self.admission.about} Please try again in a moment."
