"""What every cache of a rolling context can do with its rows: count, rewind, cut, make room. No tensors of its own.

A row is a token, at the position of its number. What moves is moved by `_move_rows`, which turns the part of it that
knows its position.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from dialogue.llm.rotary import Rotary


class RollingRows(ABC):
    """`length` of at most `capacity` rows are taken."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.length = 0

    def advance(self, tokens: int) -> None:
        """All layers have been appended: the tokens are part of the conversation now."""
        assert self.length + tokens <= self.capacity
        self.length += tokens

    def rewind(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        assert 0 <= length <= self.length, f"cannot rewind to {length}, the cache holds {self.length} tokens"
        self.length = length

    def cut(self, start: int, end: int, rotary: Rotary) -> None:
        """Drop tokens start .. end; what stood behind moves up and its keys are rotated to their new positions."""
        assert 0 <= start <= end <= self.length, f"cannot cut {start}..{end} of {self.length} tokens"
        self._move(end, start, rotary)

    @contextmanager
    def gap(self, at: int, tokens: int, rotary: Rotary) -> Iterator[None]:
        """Room for `tokens` new ones in front of token `at`, to be appended inside the `with`: all of them.

        What stands behind makes way and is not computed again. If the block raises, it is lost.
        """
        assert 0 <= at <= self.length, f"nothing stands at {at}, the cache holds {self.length} tokens"
        assert self.length + tokens <= self.capacity, f"no room for {tokens} more tokens: evict first"
        self._move(at, at + tokens, rotary)
        end, self.length = self.length, at
        yield
        assert self.length == at + tokens, "the gap was not filled"
        self.length = end

    def _move(self, start: int, to: int, rotary: Rotary) -> None:
        """Tokens from `start` on stand from `to` on: the cache ends earlier or later by the difference."""
        tail = self.length - start
        if tail and start != to:
            self._move_rows(start, to, tail, rotary)
        self.length = to + tail

    @abstractmethod
    def _move_rows(self, start: int, to: int, tail: int, rotary: Rotary) -> None:
        """Copy `tail` rows from `start` on to stand from `to` on, turned; the places may overlap."""
