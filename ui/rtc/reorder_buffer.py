"""Restores the order of packets with the least delay. Pure: uses sequence numbers, no clock.

A packet in order is released at once, and arrival times are not smoothed, because the ASR takes sound at any time. A
missing packet is given up when PATIENCE later ones have arrived.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 3  # 60 ms of sound; on one path, reordering by more than that is rare
RESTARTED = 500  # packets; a larger jump means that the sender has restarted


class CounterUnwrapper:
    """Unwraps counters of `bits` bits into integers: each is the one nearest to the previous one."""

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
    """Takes (sequence number, item) in any order, gives items in order, each once."""

    def __init__(self, patience: int = PATIENCE) -> None:
        assert patience > 0
        self._patience = patience
        self._unwrap = CounterUnwrapper(16)
        self._next: int | None = None
        self._waiting: dict[int, T] = {}
        self.lost = 0  # given up, even if they arrived later
        self.late = 0  # arrived too late or twice

    def add(self, sequence: int, item: T) -> list[T]:
        """The items that this packet makes ready, often only its own."""
        number = self._unwrap(sequence)
        if self._next is None:
            self._next = number
        elif abs(number - self._next) > RESTARTED:
            released = [self._waiting[waiting] for waiting in sorted(self._waiting)]
            self._waiting.clear()
            self._next = number + 1
            return [*released, item]
        if number < self._next or number in self._waiting:
            self.late += 1
            return []
        self._waiting[number] = item
        if self._next not in self._waiting and len(self._waiting) >= self._patience:
            first = min(self._waiting)
            self.lost += first - self._next
            self._next = first
        return self._take_ready()

    def _take_ready(self) -> list[T]:
        assert self._next is not None
        released = []
        while self._next in self._waiting:
            released.append(self._waiting.pop(self._next))
            self._next += 1
        return released
