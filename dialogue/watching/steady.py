"""A value that single frames cannot change: a new one counts once it has lasted. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

LASTING_S = 0.07  # that a new value lasts, in at least two scenes: it is in two pictures of the camera


class Steady(Generic[T]):
    """Fed in order of time. `value` is None until the first one is confirmed."""

    def __init__(self, lasting_s: float = LASTING_S) -> None:
        self._lasting_s = lasting_s
        self.value: T | None = None
        self.since = 0.0  # when `value` was first seen
        self._new: T | None = None
        self._new_since = 0.0

    def see(self, value: T, at: float) -> bool:
        """Takes the value of one scene. Returns whether the confirmed value changes with it."""
        if value == self.value:
            self._new = None
            return False
        if value != self._new:
            self._new, self._new_since = value, at
            return False
        if at - self._new_since < self._lasting_s:
            return False
        self.value, self.since, self._new = value, self._new_since, None
        return True

    @property
    def doubted(self) -> bool:
        """Whether the newest scene shows another value, which has not lasted yet."""
        return self._new is not None

    def forget_new(self) -> None:
        """Nothing is known for a while: what began before it does not count."""
        self._new = None
