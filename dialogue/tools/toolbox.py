"""The services that a session offers to its engine's tools. Plain data and protocols.

An engine that uses tools has `equip`; the session calls it once, before the first block. A service that the session
lacks is None, and the engine then offers no tool for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, cast, runtime_checkable

from dialogue.blocks import Block, SceneBlock
from dialogue.library.passage import Found
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool
from dialogue.watching.watch_talk import Watches

Side = Literal["", "left", "right", "top", "bottom", "middle"]


@dataclass(frozen=True, slots=True)
class Reminder:
    """`text` is spoken at `due`, in seconds on the session clock. `about` names the reminder in a list."""

    number: int
    due: float
    about: str
    text: str


class Reminders(Protocol):
    """The session's timers and reminders. One set by a reply takes effect once part of the reply is heard, and is
    removed if the reply is rewound."""

    def now(self) -> float:
        """Seconds on the session clock."""
        ...

    def add(self, after_s: float, about: str, text: str) -> Reminder:
        """Raises BadInput for an invalid time, or if there are too many reminders."""
        ...

    def cancel(self, number: int) -> Reminder | None: ...

    def pending(self) -> tuple[Reminder, ...]:
        """Those not spoken yet, the next one first."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look: a side of the picture, or a thing by its detector labels."""

    side: Side = ""
    labels: tuple[str, ...] = ()


class Delegation(Protocol):
    """Passes questions on to a larger model, one at a time, while the conversation goes on. What comes back is said by
    the session when the floor is free."""

    @property
    def pending(self) -> bool:
        """Whether a question is being looked into, or its answer waits to be said."""
        ...

    def hand_over(self, question: str, turns: Sequence[Block]) -> bool:
        """Passes a question on with the turns before it; False where that ends another one."""
        ...

    def cancel(self) -> bool:
        """Ends the pending question. Returns whether there was one."""
        ...


Device = Literal["camera", "microphone"]

# Takes a new picture, enlarges the spot and returns what is recognised there. Raises BadInput without a picture.
LookCloser = Callable[[Spot], Awaitable[SceneBlock]]
# Finds the passages of the user's documents that have to do with a question, the best first.
SearchLibrary = Callable[[str], Awaitable[Sequence[Found]]]


@dataclass(frozen=True)
class Toolbox:
    """`user_tools` come from the user and may have side effects, so they run once `committed` returns: a speculative
    reply must do nothing that cannot be undone. They may also take long: `in_background` runs them off the event
    loop, and awaits what they return. `show` shows the user the pictures (JPEG) that a tool made."""

    clock: Callable[[], datetime] = datetime.now
    reminders: Reminders | None = None
    look_closer: LookCloser | None = None
    watches: Watches | None = None
    switch_off: Callable[[Device], Awaitable[None]] | None = None
    delegation: Delegation | None = None
    search_library: SearchLibrary | None = None
    user_tools: tuple[Tool, ...] = ()
    committed: Callable[[], Awaitable[None]] | None = None
    in_background: Callable[[Callable[[], Any]], Awaitable[Any]] | None = None
    show: Callable[[Sequence[bytes]], None] | None = None


def usual_toolbox(user_tools: tuple[Tool, ...] = (), *, delegates: bool = False, has_library: bool = False) -> Toolbox:
    """Offers what a call offers, for the descriptions alone: nothing in it is called."""
    nothing = cast(Any, NotImplemented)
    return Toolbox(
        reminders=nothing,
        look_closer=nothing,
        watches=nothing,
        switch_off=nothing,
        delegation=nothing if delegates else None,
        search_library=nothing if has_library else None,
        user_tools=user_tools,
    )


@runtime_checkable
class TakesTools(Protocol):
    """An engine that can use a toolbox."""

    def equip(self, toolbox: Toolbox) -> None: ...


@runtime_checkable
class TakesCalls(Protocol):
    """An engine that calls functions, and can be given a round of calls from before."""

    def called(self, calls: Sequence[FunctionCall], results: Sequence[str]) -> None:
        """Adds calls and their results, JSON each, after the question that they answer."""
        ...


@runtime_checkable
class PreparesTools(TakesTools, Protocol):
    """An engine whose sessions share the descriptions of their tools, computed before the first one."""

    async def prepare(self) -> None:
        """Comes after `equip`. Raises BadInput for tools that take too much room."""
        ...
