"""Holds all calls of one server: admits them, runs them, resumes them and ends them."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from dialogue.errors import AssistantError
from stream.models.admission import Admission
from stream.runtime.events import Notice
from stream.session.session_start import SessionStart
from ui.call.admission_queue import AdmissionQueue
from ui.call.call import Call
from ui.call.call_request import CallRequest
from ui.call.call_session import CallSession
from ui.call.caller_limits import CallerLimits
from ui.call.lines.socket_line import SocketLine
from ui.call.metrics import Metrics
from ui.call.recordings import Recordings
from ui.call.times import CallTimes
from ui.call.uploads import Uploads
from ui.host.reclaim import Reclaim
from ui.realtime.wire import Message
from ui.rtc.webrtc import PeerConnection

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 1.5
REPLACE_WITHIN_S = 2.0


class Stopping(AssistantError):
    """The server is shutting down and takes no more calls."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """`connect` is what the page needs to connect: SDP, or the ticket of a WebSocket. `token` resumes the call.
    `resumed`: it is an earlier one that goes on, from message `first` on; `restored`: it took what was said."""

    connect: str
    session: str
    token: str
    first: int = 0
    resumed: bool = False
    restored: bool = False


@dataclass(slots=True)
class _Running:
    call: Call
    task: asyncio.Task[None]
    client: str | None
    began: float
    has_place: bool = True


class Calls:
    """The calls of one server; leaving the `async with` block ends them.

    `open_session` makes a session from its name and what it begins with, `greetings` the first messages of its call.
    """

    def __init__(
        self,
        admission: Admission,
        open_session: Callable[[str, SessionStart], CallSession],
        greetings: Callable[[str], Sequence[Message]],
        metrics: Metrics,
        *,
        stun: str | None = None,
        times: CallTimes | None = None,
        hosts: Sequence[str] | None = None,
        recordings: Recordings | None = None,
    ) -> None:
        self.admission, self.admission_queue = (
            admission,
            AdmissionQueue(admission=admission, metrics=metrics, crowded=self._make_room),
        )
        self._open_session, self._greetings, self._metrics = open_session, greetings, metrics
        self._recordings, self.uploads = recordings, Uploads()
        self._stun, self._times, self._hosts = stun, times or CallTimes(), hosts
        self._tasks = asyncio.TaskGroup()
        self._closed = False
        self._running: dict[str, _Running] = {}
        self._adopted: set[asyncio.Task[None]] = set()
        self._limits = CallerLimits()
        self._reclaim = Reclaim()
        self._now = asyncio.get_running_loop().time

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close("the server is shutting down")
        self._reclaim.close()
        await asyncio.to_thread(self.uploads.close)
        await self._tasks.__aexit__(kind, error, trace)

    async def start(self, request: CallRequest) -> CallAnswer:
        """Answers an offer: resumes the call of its token, or runs a new one in the background.

        Raises Busy (InLine), TooFast, Stopping, BadInput, TakenOver, or what `open_session` raises.
        """
        self._must_be_open()
        unconnected = sum(each.client == request.client and not each.call.connected for each in self._running.values())
        self._limits.offer(request.client, unconnected, self._now())
        resumable = self._resumable(request.token)
        if resumable is not None and (answer := await self._resume(resumable, request)) is not None:
            return answer
        replaced = request.replaces is not None and await self._end(request.replaces, "the page called again")
        self.admission_queue.take(request.ticket, request.client, ahead=replaced)
        self._make_room()
        name = secrets.token_hex(8)
        call = Call(
            name=name,
            request=request,
            metrics=self._metrics,
            times=self._times,
            stun=self._stun,
            hosts=self._hosts,
            vacated=lambda: self._vacate(name),
        )
        try:
            connect = await call.answer()
            self._must_be_open()
            recording = self._recordings.request(name) if self._recordings is not None and request.record else None
            session = self._open_session(name, SessionStart(said=request.said, recording=recording))
        except BaseException:
            self.admission_queue.leave()
            await call.close()
            raise
        task = self._tasks.create_task(self._run(call, session, request), name=f"{name}/call")
        self._running[name] = _Running(call, task, request.client, self._now())
        return CallAnswer(connect, name, call.token, restored=bool(request.said))

    async def close(self, reason: str) -> None:
        """Ends every call and sends the reason to its page. Returns after little more than CLOSE_WITHIN_S."""
        self._closed = True
        for adopted in self._adopted:
            adopted.cancel()
        tasks = []
        for running in self._running.values():
            running.call.end(reason)
            tasks.append(running.task)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        for task in late:
            log.warning("%s did not end in time", task.get_name())
            task.cancel()

    def socket(self, ticket: str) -> SocketLine | None:
        """The connection of a call that waits for the WebSocket that brings `ticket`; None if there is none."""
        lines = (running.call.socket(ticket) for running in self._running.values())
        return next((line for line in lines if line is not None), None)

    def peer_connection(self, token: str | None) -> PeerConnection | None:
        """The present connection over WebRTC of the call that `token` resumes; None if there is none."""
        running = self._resumable(token)
        return running.call.peer_connection if running is not None else None

    def adopt(self, call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs a call of another protocol until it ends, or the server does. It has a place already."""
        task = self._tasks.create_task(call, name="adopted call")
        self._adopted.add(task)
        task.add_done_callback(self._adopted.discard)
        return task

    def announce(self, notice: Notice) -> None:
        """Shows a notice on the page of every running call."""
        for running in self._running.values():
            running.call.announce(notice)

    def of_page(self, name: str, token: str) -> Call | None:
        """The running call of this name, for the page that has its token."""
        running = self._running.get(name)
        if running is None or not hmac.compare_digest(running.call.token.encode(), token.encode()):
            return None
        return running.call

    def _must_be_open(self) -> None:
        if self._closed:
            raise Stopping("This server is shutting down. Please call again when it is back.")

    def _resumable(self, token: str | None) -> _Running | None:
        if token is None:
            return None
        goes_on = [each for each in self._running.values() if each.call.may_be_resumed]
        return next((each for each in goes_on if hmac.compare_digest(each.call.token.encode(), token.encode())), None)

    async def _resume(self, running: _Running, request: CallRequest) -> CallAnswer | None:
        """Continues a call on another connection; None if it has ended meanwhile. Raises Busy, BadInput, TakenOver."""
        had_place = running.has_place
        if not had_place:
            self.admission_queue.take(request.ticket, request.client)
            running.has_place = True
        call = running.call
        try:
            [hello, *_] = self._greetings(call.name)
            recorded = {"recorded": True} if call.recorded else {}
            connect, first = await call.resume(request, {**hello, "resumed": True, **recorded})
        except BaseException:
            if not had_place:
                self._vacate(call.name)
            if not call.may_be_resumed:
                return None
            raise
        log.info("call %s was resumed", call.name)
        return CallAnswer(connect, call.name, call.token, first, resumed=True)

    def _make_room(self) -> None:
        """Ends the calls that wait for their page the longest, where there are more sessions than places."""
        waiting = [each for each in self._running.values() if not each.has_place and each.call.waits_for_page]
        surplus = self.admission.taken + len(waiting) - self.admission.capacity
        for each in waiting[: max(0, surplus)]:
            each.call.end("another caller has the place")

    async def _end(self, name: str, reason: str) -> bool:
        """Ends a call; returns whether it had a place."""
        running = self._running.get(name)
        if running is None:
            return False
        had_place = running.has_place
        running.call.end(reason)
        await asyncio.wait({running.task}, timeout=REPLACE_WITHIN_S)
        return had_place and name not in self._running

    async def _run(self, call: Call, session: CallSession, request: CallRequest) -> None:
        """Runs one call to its end. An error in it is logged and does not affect other calls."""
        log.info("call %s began; %d of %d slots taken", call.name, self.admission.taken, self.admission.capacity)
        greetings = list(self._greetings(call.name))
        if request.said:
            greetings[0] = {**greetings[0], "restored": True}
        if session.recorded:
            greetings[0] = {**greetings[0], "recorded": True}
        try:
            await call.run(session, greetings)
        except Exception:
            self._metrics.errors.labels("call_broke").inc()
            log.exception("call %s failed", call.name)
        finally:
            self._vacate(call.name)
            running = self._running.pop(call.name)
            if call.connected:
                self.admission_queue.line.call_ended(self._now() - running.began)
            await self.uploads.forget(call.name)
            self._reclaim.soon()
            log.info("call %s ended", call.name)

    def _vacate(self, name: str) -> None:
        """The call has lost its page, or has ended: others may have its place."""
        running = self._running.get(name)
        if running is not None and running.has_place:
            running.has_place = False
            self.admission_queue.leave()
