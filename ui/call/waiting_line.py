"""The queue of callers for whom there is no place, in order of their first call. Pure: times are parameters.

A caller keeps its position by asking again with its ticket; one that does not ask for PATIENCE_S has left.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass

from dialogue.errors import Busy

ASK_EVERY_S = 3
PATIENCE_S = 3 * ASK_EVERY_S + 1.0
MOST_WAITING = 100
MOST_PER_CLIENT = 4
CALLS_REMEMBERED = 20


class InLine(Busy):
    """There is no place now. `wait_s` is an estimate from earlier calls; None without any."""

    def __init__(self, message: str, ticket: str, position: int, wait_s: float | None) -> None:
        super().__init__(message)
        self.ticket, self.position, self.wait_s = ticket, position, wait_s


@dataclass(slots=True)
class _Waiting:
    client: str | None
    asked_at: float


class WaitingLine:
    """The waiting callers of one server."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._lasted: deque[float] = deque(maxlen=CALLS_REMEMBERED)

    def __len__(self) -> int:
        return len(self._waiting)

    def position(self, ticket: str | None, now: float) -> int:
        """The position of a ticket, from 1; of a newcomer, the one behind all others."""
        for each, waiting in list(self._waiting.items()):
            if now - waiting.asked_at > PATIENCE_S:
                del self._waiting[each]
        if ticket is not None and ticket in self._waiting:
            return list(self._waiting).index(ticket) + 1
        return len(self._waiting) + 1

    def wait(self, ticket: str | None, client: str | None, now: float) -> str | None:
        """Takes or keeps a position. Returns the ticket; None where the queue, or the client's share of it, is full."""
        if ticket is not None and ticket in self._waiting:
            self._waiting[ticket].asked_at = now
            return ticket
        of_client = sum(client is not None and each.client == client for each in self._waiting.values())
        if len(self._waiting) >= MOST_WAITING or of_client >= MOST_PER_CLIENT:
            return None
        ticket = secrets.token_urlsafe(16)
        self._waiting[ticket] = _Waiting(client, now)
        return ticket

    def leave(self, ticket: str | None) -> None:
        """The caller has got a place."""
        if ticket is not None:
            self._waiting.pop(ticket, None)

    def call_ended(self, lasted_s: float) -> None:
        """Takes note of how long a call lasted."""
        self._lasted.append(lasted_s)

    def expected_wait_s(self, position: int, capacity: int) -> float | None:
        """How long the caller at `position` is likely to wait: the mean length of the last calls for each place that
        has to become free before. None before any call has ended."""
        if not self._lasted:
            return None
        return position * sum(self._lasted) / len(self._lasted) / capacity
