"""Puts packets back into order, waiting as little as possible. Pure: knows sequence numbers, no clock and no codec.

Only reordering costs time: a packet in its turn is released at once, and nobody smooths arrival times, because
the ear behind us takes sound whenever it comes. A missing packet is given up once `PATIENCE` later ones are here.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 3  # 60 ms of sound; on one path, reordering by more than that is rare
RESTARTED = 500  # a jump by so many packets is a sender that began anew, not loss


class Unwrapping:
    """Counters of `bits` bits as plain integers that never wrap: each is the nearest to the one before."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def __call__(self, counter: int) -> int:
        if self._last is None:
            self._last = counter
            return counter
        ahead = (counter - self._last) % self._size
        self._last += ahead if ahead < self._size // 2 else ahead - self._size
        return self._last


class ReorderBuffer(Generic[T]):
    """Takes (sequence number, item) as they come, gives items in order, each once."""

    def __init__(self, patience: int = PATIENCE) -> None:
        assert patience > 0
        self._patience = patience
        self._unwrap = Unwrapping(16)
        self._next: int | None = None
        self._waiting: dict[int, T] = {}
        self.lost = 0  # given up, whether or not they came later
        self.late = 0  # came too late or twice

    def add(self, sequence: int, item: T) -> list[T]:
        """What can be released now that this packet is here; often just this one."""
        place = self._unwrap(sequence)
        if self._next is None:
            self._next = place
        elif abs(place - self._next) > RESTARTED:
            released = [self._waiting[waiting] for waiting in sorted(self._waiting)]
            self._waiting.clear()
            self._next = place + 1
            return [*released, item]
        if place < self._next or place in self._waiting:
            self.late += 1
            return []
        self._waiting[place] = item
        if self._next not in self._waiting and len(self._waiting) >= self._patience:
            first = min(self._waiting)
            self.lost += first - self._next
            self._next = first
        return self._in_turn()

    def _in_turn(self) -> list[T]:
        assert self._next is not None
        released = []
        while self._next in self._waiting:
            released.append(self._waiting.pop(self._next))
            self._next += 1
        return released
