"""A value that replies change: a change takes effect once any of its reply was heard.

A reply may be prepared and taken back, or cut before any of it is heard. It therefore works on a draft, which is
discarded or accepted as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Settled(Protocol):
    """What the reply stage opens before a reply, and settles after it."""

    def draft(self) -> None:
        """Opens a draft: a reply begins."""
        ...

    def settle(self, heard: bool) -> None:
        """Closes the draft: it is accepted if any of the reply was `heard`."""
        ...


class Drafted(Generic[T]):
    """`on_accepted` is called after each change that takes effect."""

    def __init__(self, value: T, on_accepted: Callable[[], None]) -> None:
        self._on_accepted = on_accepted
        self.accepted = value
        self._draft: T | None = None

    @property
    def value(self) -> T:
        """During a reply, that of its draft."""
        return self.accepted if self._draft is None else self._draft

    def write(self, value: T) -> None:
        if self._draft is not None:
            self._draft = value
        elif value != self.accepted:
            self.accepted = value
            self._on_accepted()

    def change(self, change: Callable[[T], T]) -> None:
        """Changes what is accepted, at once, and the draft with it: this is no reply's doing."""
        if self._draft is not None:
            self._draft = change(self._draft)
        if (changed := change(self.accepted)) != self.accepted:
            self.accepted = changed
            self._on_accepted()

    def draft(self) -> None:
        self._draft = self.accepted

    def settle(self, heard: bool) -> None:
        draft, self._draft = self._draft, None
        if heard and draft is not None:
            self.write(draft)
