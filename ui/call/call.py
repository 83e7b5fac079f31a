"""Runs one call: connects a session to a page until either of them ends it.

A page that loses its connection may resume the call within `resume_s`: the session lives on without a page, and the
messages that the page missed are sent again. Every task of a call belongs to one TaskGroup and has ended when `run`
returns.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from stream.runtime.events import (
    AudioReceived,
    DeviceSwitched,
    FrameReceived,
    Notice,
    Perceived,
    SessionEnded,
    StateChanged,
)
from ui.call.call_request import CallRequest, TakenOver
from ui.call.call_session import CallSession
from ui.call.lines.call_media import CallMedia
from ui.call.lines.line import Line, Lines, RtcLine
from ui.call.lines.page_side import PageSide
from ui.call.lines.socket_line import SocketLine
from ui.call.metrics import Losses, Metrics
from ui.call.page_messages import PageMessages
from ui.call.shown_files import ShownFiles
from ui.call.times import CallTimes
from ui.host.allowance import Allowance
from ui.realtime.page_message import LeaveReceived, PingReceived, from_wire, pong
from ui.realtime.wire import Message, bad_message, to_wire
from ui.rtc.webrtc import PeerConnection
from vision.picture import Picture

log = logging.getLogger(__name__)

CHECK_EVERY_S, LATE_S = 1.0, 0.2
TAKEN = to_wire(SessionEnded("it goes on in another tab or on another device"))
LAST_MESSAGES_S = 0.5  # for the last messages to reach the page
MESSAGES_PER_S, MESSAGES_AT_ONCE = 20.0, 200.0  # a page sends about one a second


class Call:
    """To be used as `answer`, then `run`; `close` replaces `run` when the call never begins.

    `vacated` is called when the call has lost its page: others may have its place while it waits to be resumed.
    """

    def __init__(
        self,
        *,
        name: str,
        request: CallRequest,
        metrics: Metrics,
        times: CallTimes,
        stun: str | None,
        hosts: Sequence[str] | None,
        vacated: Callable[[], None],
    ) -> None:
        self.name, self.token = name, secrets.token_urlsafe(16)
        self.connected = False  # at some time; a call that never was is not resumed
        self.waits_for_page = False
        self._metrics, self._losses = metrics, Losses(metrics)
        self._times, self._vacated = times, vacated
        self._session: CallSession | None = None
        self._state: Message | None = None
        self._media = CallMedia(now=self._now, heard=self._heard, saw=self._saw, announce=self.announce)
        self._messages, self._refused_messages = Allowance(MESSAGES_PER_S, MESSAGES_AT_ONCE), 0
        page = PageSide(received=self._received, alive=self._alive, pull=self._pull)
        self._open_line = Lines(stun, hosts, self._media, page)
        self._line, self._page = self._open_line(request.offer), request.page
        self._to_page = PageMessages(self._line)
        self._resuming = asyncio.Lock()
        self._resumed = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self.shown = ShownFiles(self._push)
        self._loop = asyncio.get_running_loop()
        self._alive_at = self._loop.time()
        self._lost = self._ending = False

    @property
    def may_be_resumed(self) -> bool:
        """Whether the call goes on, with or without a page."""
        return self._tasks is not None and not self._ending

    @property
    def recorded(self) -> bool:
        return self._session is not None and self._session.recorded

    async def answer(self) -> str:
        """What its page needs to connect. Raises BadInput when the offer cannot be answered."""
        return await self._line.answer()

    @property
    def peer_connection(self) -> PeerConnection | None:
        """The present connection, where it is one over WebRTC."""
        return self._line.connection if isinstance(self._line, RtcLine) else None

    def socket(self, ticket: str) -> SocketLine | None:
        """The line that waits for the WebSocket that brings `ticket`."""
        line = self._line
        if not isinstance(line, SocketLine) or line.ticket is None:
            return None
        return line if hmac.compare_digest(line.ticket.encode(), ticket.encode()) else None

    async def resume(self, request: CallRequest, greeting: Message) -> tuple[str, int]:
        """Continues the call on another connection, perhaps of another page. Returns what the page needs to connect,
        and the number of the first message that it gets. Raises TakenOver; BadInput when the offer cannot be answered,
        and the call may then still be resumed."""
        taken = request.page != self._page and request.page is not None
        if taken and not request.take:
            raise TakenOver("This call goes on in another tab or on another device.")
        async with self._resuming:
            offer = request.offer
            line, old = self._open_line(offer), self._line
            answer = await line.answer()
            if self._tasks is None or self._ending:
                await line.close()
                raise BadInput("The call has ended meanwhile.")
            self._line, self.waits_for_page, self._lost = line, False, False
            self._tasks.create_task(_left(old, TAKEN if taken else None), name=f"{self.name}/old line")
            self._page = request.page
            self._media.restart()
            self._alive()
            first = self._to_page.resume(line, request.received)
            self._to_page.put(greeting)
            if self._state is not None:
                self._to_page.put(self._state)
            self._resumed.set()
            return answer, first

    async def close(self) -> None:
        await self._line.close()

    def end(self, reason: str) -> None:
        """Asks `run` to end. The first reason counts."""
        self._ending = True
        if self._session is not None:
            self._session.close(reason)

    def announce(self, notice: Notice) -> None:
        """Shows a notice on the page."""
        self._metrics.count(notice)
        self._to_page.put(to_wire(notice))

    async def run(self, session: CallSession, greetings: Sequence[Message]) -> None:
        """Runs the whole call, until either side ends it. The page gets `greetings` first."""
        self._session = session
        for greeting in greetings:
            self._to_page.put(greeting)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(session.run(), name=f"{self.name}/session")
                sending = tasks.create_task(self._to_page.run(), name=f"{self.name}/send")
                helping = (
                    tasks.create_task(self._media.run(), name=f"{self.name}/media"),
                    tasks.create_task(self._watch(), name=f"{self.name}/watch"),
                )
                await self._forward_events(session)
                self._tasks = None
                await asyncio.wait({sending}, timeout=LAST_MESSAGES_S)
                for task in (sending, *helping):
                    task.cancel()
        finally:
            self._tasks = None
            self._report_losses()
            await self.close()

    async def _forward_events(self, session: CallSession) -> None:
        """Sends every event of the session to the page."""
        async for event in session.events():
            self._metrics.count(event)
            self._metrics.trace(event, self.name, session.now())
            message = to_wire(event)
            if isinstance(event, StateChanged):
                self._state = message
            # A page that receives a goodbye does not call again.
            if not (isinstance(event, SessionEnded) and self._lost):
                self._to_page.put(message)
            if self._to_page.overflowing:
                self.end("the page reads no messages")
        self._to_page.close()

    async def _watch(self) -> None:
        """Ends the call when its page is lost and does not come back in time."""
        while True:
            reason = await self._page_lost()
            self.waits_for_page = self.connected and self._times.resume_s > 0
            self._resumed.clear()
            self._vacated()
            if self.waits_for_page:
                await self._line.close()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._times.resume_s):
                        await self._resumed.wait()
            async with self._resuming:
                if not self._resumed.is_set():
                    self.waits_for_page = False
                    self.end(reason)
                    return

    async def _page_lost(self) -> str:
        """Waits until the connection is closed, is not made in time, or the page sends nothing. Returns the reason."""
        line, connect_by = self._line, self._loop.time() + self._times.connect_s
        check_every_s = min(CHECK_EVERY_S, self._times.vanished_s, self._times.connect_s)
        while not line.closed.is_set():
            due = self._loop.time() + check_every_s
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await line.closed.wait()
            if (late_s := self._loop.time() - due) > LATE_S:  # this server was late, which is no fault of the page
                connect_by += check_every_s + late_s
            self._report_losses()
            if line is not self._line:
                line, connect_by = self._line, self._loop.time() + self._times.connect_s
            self.connected = self.connected or line.connected
            if not line.reached and self._loop.time() > connect_by:
                return "the page did not connect"
            if self._loop.time() - self._alive_at > self._times.vanished_s:
                self._lost = True
                return "the page sends nothing any more"
        self.connected = self.connected or line.reached  # it may have been lost before it was looked at
        return "the connection was lost"

    def _alive(self) -> None:
        self._alive_at = self._loop.time()

    def _now(self) -> float:
        return self._session.now() if self._session is not None else 0.0

    def _push(self, event: Perceived) -> None:
        if self._session is not None:
            self._session.push(event)

    def _heard(self, chunk: Chunk) -> None:
        self._push(AudioReceived(chunk))

    def _saw(self, picture: Picture) -> None:
        self._push(FrameReceived(picture))

    def _pull(self, n: int) -> Samples:
        return self._session.playback.pull(n) if self._session is not None else np.zeros(n, np.float32)

    def _received(self, text: str | bytes) -> None:
        """Handles a message of the page. Never raises, since aiortc calls it."""
        self._alive()
        if not self._messages.take(self._loop.time()):
            self._refused_messages += 1
            return
        try:
            message = from_wire(text)
        except BadInput as error:
            self._metrics.errors.labels("bad_message").inc()
            self._to_page.put(bad_message(error))
            return
        match message:
            case PingReceived():
                self._to_page.put(pong(message))
            case LeaveReceived():
                self.end("the page left")
            case _:
                if isinstance(message, DeviceSwitched) and message.camera is not None:
                    self._media.switch_camera(message.camera)
                self._push(message)

    def _report_losses(self) -> None:
        session = {} if self._session is None else self._session.dropped
        self._losses.update(
            {
                **self._media.losses(),
                "voice_frames_skipped": self._line.skipped,
                "messages_refused": self._refused_messages,
                "messages_superseded": self._to_page.superseded,
                **{f"session_{what}": count for what, count in session.items()},
            }
        )


async def _left(line: Line, goodbye: Message | None) -> None:
    """Closes a line that the call has left. A page that gets a goodbye does not call again."""
    if goodbye is not None and line.connected:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_MESSAGES_S):
                await line.send(json.dumps(goodbye))
                await line.drained()
    await line.close()
