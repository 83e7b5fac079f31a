"""Chooses the replica of each call, and remembers it: admission, the queue, and what belongs where. Pure: times are
parameters.

The front knows what a replica reported last, and counts what it has placed there since.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from dialogue.errors import Busy
from ui.call.waiting_line import InLine, WaitingLine

MOST_REMEMBERED = 20_000  # names and secrets of calls; the oldest give way
MOST_MISSED = 3  # reports in a row, of a replica that is busy rather than gone


@dataclass(slots=True, eq=False)
class ReplicaLoad:
    """A replica that takes calls. `placed` calls have been sent there since its report."""

    name: str
    capacity: int = 0
    taken: int = 0
    placed: int = 0
    missed: int = 0  # reports
    draining: bool = False

    @property
    def free(self) -> int:
        return 0 if self.draining or self.missed else max(0, self.capacity - self.taken - self.placed)


class ReplicaTable:
    """The replicas of one cluster."""

    def __init__(self) -> None:
        self.replicas: dict[str, ReplicaLoad] = {}
        self.line = WaitingLine()
        self._homes: OrderedDict[str, str] = OrderedDict()  # of each name or secret of a call: its replica

    @property
    def free(self) -> int:
        return sum(replica.free for replica in self.replicas.values())

    @property
    def taken(self) -> int:
        return sum(replica.taken + replica.placed for replica in self.replicas.values())

    @property
    def capacity(self) -> int:
        return sum(replica.capacity for replica in self.replicas.values() if not replica.draining)

    def add(self, name: str) -> None:
        self.replicas[name] = ReplicaLoad(name)

    def remove(self, name: str) -> None:
        """The replica is gone, with its calls."""
        self.replicas.pop(name, None)

    def reported(self, name: str, capacity: int, taken: int) -> None:
        replica = self.replicas.get(name)
        if replica is not None:
            replica.capacity, replica.taken, replica.placed, replica.missed = capacity, taken, 0, 0

    def missed(self, name: str) -> bool:
        """A report did not come. Returns whether the replica counts as gone."""
        replica = self.replicas.get(name)
        if replica is None:
            return False
        replica.missed += 1
        return replica.missed >= MOST_MISSED

    def place(self, ticket: str | None, client: str | None, now: float) -> ReplicaLoad:
        """The replica with the most free places, for a caller whose turn it is; it counts as placed there. Raises
        InLine with the caller's position across all replicas, or Busy where the queue is full."""
        position = self.line.position(ticket, now)
        if position <= self.free:
            self.line.leave(ticket)
            best = max(self.replicas.values(), key=lambda replica: replica.free)
            best.placed += 1
            return best
        kept = self.line.wait(ticket, client, now)
        about = f"All {self.capacity} places of this service are taken."
        if kept is None:
            raise Busy(f"{about} Please try again in a moment.")
        wait_s = self.line.expected_wait_s(position, max(1, self.capacity))
        raise InLine(f"{about} You are number {position} in the queue.", kept, position, wait_s)

    def refused(self, name: str) -> None:
        """The replica has no place: others took it first."""
        replica = self.replicas.get(name)
        if replica is not None:
            replica.placed = max(replica.placed, replica.capacity - replica.taken)

    def remember(self, key: object, name: str) -> None:
        """What belongs to a call of the replica: its name, its secret, the ticket of its WebSocket."""
        if isinstance(key, str) and key:
            self._homes[key] = name
            self._homes.move_to_end(key)
            if len(self._homes) > MOST_REMEMBERED:
                self._homes.popitem(last=False)

    def home(self, key: object) -> str | None:
        """The replica to which `key` belongs; None if it is unknown or gone."""
        name = self._homes.get(key) if isinstance(key, str) else None
        return name if name in self.replicas else None
