"""How many sessions fit. Hands out a place or raises Busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dialogue.errors import Busy


class Admission:
    """`capacity` places for sessions of one process. For one event loop."""

    def __init__(self, capacity: int) -> None:
        assert capacity > 0
        self.capacity = capacity
        self.taken = 0

    def take(self) -> None:
        """Raises Busy when every place is taken. Each take is paid back by one `leave`."""
        if self.taken >= self.capacity:
            talking = "1 conversation is" if self.capacity == 1 else f"{self.capacity} conversations are"
            raise Busy(f"{talking} under way and this machine has room for no more. Please try again in a moment.")
        self.taken += 1

    def leave(self) -> None:
        assert self.taken > 0, "left more often than taken"
        self.taken -= 1

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for the length of a block."""
        self.take()
        try:
            yield
        finally:
            self.leave()
