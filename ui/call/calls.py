"""Holds all calls of one server: admits them, runs them and ends them."""

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
from stream.runtime.events import Notice
from ui.call.call import VANISHED_S, Call, CallSession
from ui.call.metrics import Metrics
from ui.realtime.wire import Message
from ui.rtc.offer import Offer

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 1.5
REPLACE_WITHIN_S = 2.0


class Stopping(AssistantError):
    """The server is shutting down and takes no more calls."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    sdp: str
    session: str


class Calls:
    """The calls of one server; leaving the `async with` block ends them.

    `open_session` makes a session of a name, `greetings` the first messages of its call.
    """

    def __init__(
        self,
        admission: Admission,
        open_session: Callable[[str], CallSession],
        greetings: Callable[[str], Sequence[Message]],
        metrics: Metrics,
        *,
        stun: str | None = None,
        vanished_s: float = VANISHED_S,
        hosts: Sequence[str] | None = None,
    ) -> None:
        self.admission = admission
        self._open_session, self._greetings, self._metrics = open_session, greetings, metrics
        self._stun, self._vanished_s, self._hosts = stun, vanished_s, hosts
        self._tasks = asyncio.TaskGroup()
        self._closed = False
        self._running: dict[str, tuple[Call, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close("the server is shutting down")
        await self._tasks.__aexit__(kind, error, trace)

    async def start(self, offer: Offer, replaces: str | None = None) -> CallAnswer:
        """Answers an offer and runs the call in the background.

        Raises Busy, Stopping, BadInput, or what `open_session` raises.
        """
        self._must_be_open()
        if replaces is not None:
            await self._end(replaces, "the page called again")
        self.admission.take()
        self._metrics.sessions.set(self.admission.taken)
        name = secrets.token_hex(8)
        call = Call(name, self._stun, self._metrics, self._vanished_s, self._hosts)
        try:
            sdp = await call.answer(offer)
            self._must_be_open()
            session = self._open_session(name)
        except BaseException:
            self._release_slot()
            await call.close()
            raise
        task = self._tasks.create_task(self._run(call, session), name=f"{name}/call")
        self._running[name] = (call, task)
        return CallAnswer(sdp, name)

    async def close(self, reason: str) -> None:
        """Ends every call and sends the reason to its page. Returns after little more than CLOSE_WITHIN_S."""
        self._closed = True
        tasks = []
        for call, task in self._running.values():
            call.end(reason)
            tasks.append(task)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        for task in late:
            log.warning("%s did not end in time", task.get_name())
            task.cancel()

    def announce(self, notice: Notice) -> None:
        """Shows a notice on the page of every running call."""
        for call, _task in self._running.values():
            call.announce(notice)

    def _must_be_open(self) -> None:
        if self._closed:
            raise Stopping("This server is shutting down. Please call again when it is back.")

    async def _end(self, name: str, reason: str) -> None:
        if name not in self._running:
            return
        call, task = self._running[name]
        call.end(reason)
        await asyncio.wait({task}, timeout=REPLACE_WITHIN_S)

    async def _run(self, call: Call, session: CallSession) -> None:
        """Runs one call to its end. An error in it is logged and does not affect other calls."""
        log.info("call %s began; %d of %d slots taken", call.name, self.admission.taken, self.admission.capacity)
        try:
            await call.run(session, self._greetings(call.name))
        except Exception:
            self._metrics.errors.labels("call_broke").inc()
            log.exception("call %s failed", call.name)
        finally:
            del self._running[call.name]
            self._release_slot()
            log.info("call %s ended", call.name)

    def _release_slot(self) -> None:
        self.admission.leave()
        self._metrics.sessions.set(self.admission.taken)
