"""The files that a page has shown in one call, by the numbers that it gave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stream.runtime.events import Perceived
from stream.runtime.shown import FileShown

MOST_NUMBERS = 10_000


class ShownFiles:
    """`push` gives an event to the session."""

    def __init__(self, push: Callable[[Perceived], None]) -> None:
        self._push, self._numbers = push, set[int]()

    def may_have(self, number: int) -> bool:
        """Whether a file with this number can be shown."""
        return 0 < number <= MOST_NUMBERS and number not in self._numbers

    def show(self, number: int, path: Path) -> None:
        """Shows a file to the session, which removes it."""
        self._numbers.add(number)
        self._push(FileShown(number, path))
