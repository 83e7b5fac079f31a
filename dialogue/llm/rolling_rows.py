"""The base class of caches of a rolling context: counts, rewinds, cuts and inserts rows. Has no tensors of its own.

A row is a token at the position of its index. `_move_rows` moves rows and rotates their position-dependent part.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.rotary import Rotary


class RollingRows(ABC):
    """A cache of `length` rows, at most `capacity`. They are computed with the weights and this adapter."""

    def __init__(self, capacity: int, adapter: Adapter | None = None) -> None:
        self.capacity = capacity
        self.length = 0
        self._adapter = adapter

    @property
    def adapter(self) -> Adapter | None:
        return self._adapter

    @adapter.setter
    def adapter(self, adapter: Adapter | None) -> None:
        assert self.length == 0 or adapter is self._adapter, "rows of another adapter have to be computed again"
        self._adapter = adapter

    def advance(self, tokens: int) -> None:
        """Counts `tokens` that have been appended in all layers."""
        assert self.length + tokens <= self.capacity
        self.length += tokens

    def rewind(self, length: int) -> None:
        """Removes all tokens after the first `length`."""
        assert 0 <= length <= self.length, f"Cannot rewind to {length}: the cache has {self.length} tokens."
        self.length = length

    def cut(self, start: int, end: int, rotary: Rotary) -> None:
        """Removes tokens start .. end; later tokens move up, and their keys are rotated to the new positions."""
        assert 0 <= start <= end <= self.length, f"Cannot cut {start}..{end} of {self.length} tokens."
        self._move(end, start, rotary)

    @contextmanager
    def gap(self, at: int, tokens: int, rotary: Rotary) -> Iterator[None]:
        """Opens a gap for `tokens` new tokens before token `at`, all of which must be appended inside the `with`.

        Later tokens move and are not computed again. If the block raises, they are lost.
        """
        assert 0 <= at <= self.length, f"There is no token {at}: the cache has {self.length} tokens."
        assert self.length + tokens <= self.capacity, f"There is no room for {tokens} more tokens: evict first."
        self._move(at, at + tokens, rotary)
        end, self.length = self.length, at
        yield
        assert self.length == at + tokens, "The gap was not filled."
        self.length = end

    def _move(self, start: int, to: int, rotary: Rotary) -> None:
        """Moves the tokens from `start` on to `to`, which changes the length by the difference."""
        tail = self.length - start
        if tail and start != to:
            self._move_rows(start, to, tail, rotary)
        self.length = to + tail

    @abstractmethod
    def _move_rows(self, start: int, to: int, tail: int, rotary: Rotary) -> None:
        """Copies `tail` rows from `start` to `to`, rotated; the spans may overlap."""
