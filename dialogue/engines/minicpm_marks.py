"""Marks of a session, for engines whose places are more than a number."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from dialogue.engine import Mark
from dialogue.errors import EngineLost

P = TypeVar("P")

MARKS_KEPT = 64  # more than one turn makes


class SessionMarks(Generic[P]):
    """The newest places, by serial number. Going back to one forgets those behind it."""

    def __init__(self) -> None:
        self._places: OrderedDict[int, P] = OrderedDict()
        self._next = 0

    def add(self, place: P) -> Mark:
        mark = Mark(self._next, self._next)
        self._places[self._next] = place
        self._next += 1
        while len(self._places) > MARKS_KEPT:
            self._places.popitem(last=False)
        return mark

    def clear(self) -> None:
        """Nobody will go back any more. A place may hold on to the memory of an ear, which is large."""
        self._places.clear()

    def take(self, mark: Mark) -> P:
        """The place, which stays good. Raises EngineLost for one that is no longer kept."""
        if mark.serial not in self._places:
            raise EngineLost("A place in the conversation was to be returned to that is no longer known.")
        while next(reversed(self._places)) != mark.serial:
            self._places.popitem()
        return self._places[mark.serial]
