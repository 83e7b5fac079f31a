"""The models that the endpoints use, and the number of requests that may use them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dialogue.errors import Busy
from stream.models.setup import Setup
from ui.call.admission_queue import AdmissionQueue

if TYPE_CHECKING:  # imports every model's library
    from stream.models.parts import Parts

RUNNING, WAITING = 2, 16


class RequestGate:
    """At most `running` requests are worked on; `waiting` more wait for their turn, and others are refused."""

    def __init__(self, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._turn, self._left = asyncio.Semaphore(running), running + waiting

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Waits for a turn. Raises Busy when too many wait already."""
        if not self._left:
            raise Busy("Too many requests are waiting for the model. Please try again in a moment.")
        self._left -= 1
        try:
            async with self._turn:
                yield
        finally:
            self._left += 1


def _no_adoption(call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    call.close()
    raise Busy("This server takes no calls over WebRTC.")


@dataclass(frozen=True, slots=True)
class RtcHost:
    """What calls over WebRTC need of the server. `adopt` runs a call until the server ends; `hosts` are the local
    addresses to bind, None for all."""

    adopt: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]] = _no_adoption
    stun: str | None = None
    hosts: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ServedModels:
    """The models of the server, under one name."""

    parts: Parts
    setup: Setup
    admission_queue: AdmissionQueue  # of sessions, shared with the page's calls
    rtc: RtcHost = field(default_factory=RtcHost)
    gate: RequestGate = field(default_factory=RequestGate)

    @property
    def name(self) -> str:
        return self.setup.name
