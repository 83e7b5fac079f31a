"""What a session lends its engine: hands for what words alone cannot do. Plain data and signatures.

An engine that wants tools has `equip`; the session calls it once, before the first block. What the session does not
have is None, and the engine then offers no tool for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from dialogue.blocks import SceneBlock
from dialogue.tools.tool import Tool

Side = Literal["", "left", "right", "top", "bottom", "middle"]


@dataclass(frozen=True, slots=True)
class Reminder:
    """`text` is said aloud at `due`, in seconds on the session clock. `about` names it in a list."""

    number: int
    due: float
    about: str
    text: str


class Reminding(Protocol):
    """The session's book of timers and reminders. What a reply enters counts once something of the reply is heard,
    and leaves no trace where the reply is taken back."""

    def now(self) -> float:
        """Seconds on the session clock."""
        ...

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        """Raises BadInput for a time that will not do, or where there are too many."""
        ...

    def cancel(self, number: int) -> Reminder | None: ...

    def pending(self) -> tuple[Reminder, ...]:
        """Those not said yet, the next one first."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look: a side of the picture, or a thing by the names that our eyes know it by."""

    side: Side = ""
    labels: tuple[str, ...] = ()


# Takes a new picture, enlarges the spot, and tells what is there. Raises BadInput where there is nothing to look at.
LookCloser = Callable[[Spot], Awaitable[SceneBlock]]


@dataclass(frozen=True)
class Toolbox:
    """`more` are tools of the user's own. They may do anything, so they are called once `decided` has come: an answer
    that is prepared while the user may go on does nothing that cannot be taken back. They may also take long: `aside`
    runs them where nobody else waits for them."""

    clock: Callable[[], datetime] = datetime.now
    reminding: Reminding | None = None
    look_closer: LookCloser | None = None
    more: tuple[Tool, ...] = ()
    decided: Callable[[], Awaitable[None]] | None = None
    aside: Callable[[Callable[[], Any]], Awaitable[Any]] | None = None


@runtime_checkable
class TakesTools(Protocol):
    """An engine that can use a toolbox."""

    def equip(self, toolbox: Toolbox) -> None: ...
