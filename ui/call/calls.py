"""All calls of one server: who gets a place, who is there, and how everybody leaves. Knows no HTTP."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dialogue.errors import AssistantError
from stream.models.admission import Admission
from ui.call.call import VANISHED_S, Call, CallSession
from ui.call.metrics import Metrics
from ui.realtime.wire import Message
from ui.rtc.offer import Offer

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 1.5
REPLACE_WITHIN_S = 2.0


class Stopping(AssistantError):
    """The server is going away: no more calls."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    sdp: str
    session: str


class Calls:
    """Entered and left: leaving ends every call. `open_session` makes a session of that name."""

    def __init__(
        self,
        places: Admission,
        open_session: Callable[[str], CallSession],
        greeting: Callable[[str], Message],
        metrics: Metrics,
        *,
        stun: str | None = None,
        vanished_s: float = VANISHED_S,
        hosts: Sequence[str] | None = None,
    ) -> None:
        self.places = places
        self._open_session, self._greeting, self._metrics = open_session, greeting, metrics
        self._stun, self._vanished_s, self._hosts = stun, vanished_s, hosts
        self._tasks = asyncio.TaskGroup()
        self._closed = False
        self._under_way: dict[str, tuple[Call, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close("the server is shutting down")
        await self._tasks.__aexit__(kind, error, trace)

    async def start(self, offer: Offer, replaces: str | None = None) -> CallAnswer:
        """Answers, and holds the call until it ends. Raises Busy, Stopping, BadInput, or as opening a session does."""
        self._must_be_open()
        if replaces is not None:
            await self._end(replaces, "the page called again")
        self.places.take()
        self._metrics.sessions.set(self.places.taken)
        name = secrets.token_hex(8)
        call = Call(name, self._stun, self._metrics, self._vanished_s, self._hosts)
        try:
            sdp = await call.answer(offer)
            self._must_be_open()
            session = self._open_session(name)
        except BaseException:
            self._leave()
            await call.close()
            raise
        task = self._tasks.create_task(self._hold(call, session), name=f"{name}/call")
        self._under_way[name] = (call, task)
        return CallAnswer(sdp, name)

    async def close(self, reason: str) -> None:
        """Ends every call, telling its page why. Returns within a little more than CLOSE_WITHIN_S."""
        self._closed = True
        tasks = []
        for call, task in self._under_way.values():
            call.end(reason)
            tasks.append(task)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        for task in late:
            log.warning("%s did not end in time", task.get_name())
            task.cancel()

    def _must_be_open(self) -> None:
        if self._closed:
            raise Stopping("This server is shutting down. Please call again when it is back.")

    async def _end(self, name: str, reason: str) -> None:
        if name not in self._under_way:
            return
        call, task = self._under_way[name]
        call.end(reason)
        await asyncio.wait({task}, timeout=REPLACE_WITHIN_S)

    async def _hold(self, call: Call, session: CallSession) -> None:
        """One call to its end. What breaks in it breaks nobody else's."""
        log.info("call %s began; %d of %d places taken", call.name, self.places.taken, self.places.capacity)
        try:
            await call.run(session, self._greeting(call.name))
        except Exception:
            self._metrics.errors.labels("call_broke").inc()
            log.exception("call %s broke", call.name)
        finally:
            del self._under_way[call.name]
            self._leave()
            log.info("call %s ended", call.name)

    def _leave(self) -> None:
        self.places.leave()
        self._metrics.sessions.set(self.places.taken)
