"""Admits sessions up to a fixed capacity; raises Busy beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dialogue.errors import Busy


class Admission:
    """Counts the sessions of one process, on one event loop; at most `capacity` are admitted."""

    def __init__(self, capacity: int) -> None:
        assert capacity > 0
        self.capacity = capacity
        self.taken = 0

    def take(self) -> None:
        """Admit a session. Raises Busy when every place is taken. Each `take` needs one `leave`."""
        if self.taken >= self.capacity:
            raise Busy(f"{self.about} Please try again in a moment.")
        self.taken += 1

    @property
    def about(self) -> str:
        """A sentence for a caller who is not admitted."""
        running = "1 conversation is" if self.capacity == 1 else f"{self.capacity} conversations are"
        return f"{running} running and this machine has room for no more."

    def leave(self) -> None:
        """Give a place back."""
        assert self.taken > 0, "`leave` was called more often than `take`"
        self.taken -= 1

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for the length of a `with` block. Raises Busy as `take`."""
        self.take()
        try:
            yield
        finally:
            self.leave()
