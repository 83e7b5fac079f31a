"""Runs one call: connects a session to a page until either of them ends it.

A page that loses its connection may resume the call within `resume_s`: the session lives on without a page, and the
messages that the page missed are sent again. Every task of a call belongs to one TaskGroup and has ended when `run`
returns.
"""

from __future__ import annotations

import asyncio
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
from ui.call.call_session import CallSession
from ui.call.line import Line
from ui.call.metrics import Losses, Metrics
from ui.call.notices import VIDEO_OVER_BUDGET, picture_too_large
from ui.call.sent_messages import SentMessages
from ui.call.times import CallTimes
from ui.host.allowance import Allowance
from ui.realtime.message_size import within_size
from ui.realtime.outbox import Outbox
from ui.realtime.page_message import LeaveReceived, PingReceived, from_wire, pong
from ui.realtime.wire import Message, bad_message, to_wire
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer
from vision.picture import Picture

log = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0
IDLE_EVERY_S = 0.1
LAST_MESSAGES_S = 0.5  # for the last messages to reach the page
MESSAGES_PER_S, MESSAGES_AT_ONCE = 20.0, 200.0  # a page sends about one a second


class Call:
    """To be used as `answer`, then `run`; `close` replaces `run` when the call never begins.

    `vacated` is called when the call has lost its page: others may have its place while it waits to be resumed.
    """

    def __init__(
        self,
        name: str,
        stun: str | None,
        metrics: Metrics,
        times: CallTimes,
        hosts: Sequence[str] | None = None,
        vacated: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self.token = name, secrets.token_urlsafe(16)
        self.connected = False  # at some time; a call that never was is not resumed
        self.waits_for_page = self.recorded = False
        self._metrics, self._losses = metrics, Losses(metrics)
        self._times, self._stun, self._hosts, self._vacated = times, stun, hosts, vacated
        self._session: CallSession | None = None
        self._outbox, self._sent = Outbox(), SentMessages()
        self._state: Message | None = None
        self._microphone = AudioReceiver(self._heard, self._now)
        self._camera = VideoReceiver(self._saw, self._too_large, self._too_much)
        self._messages, self._refused_messages = Allowance(MESSAGES_PER_S, MESSAGES_AT_ONCE), 0
        self._line = self._new_line()
        self._resuming = asyncio.Lock()
        self._line_changed, self._resumed = asyncio.Event(), asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._loop = asyncio.get_running_loop()
        self._alive_at = self._loop.time()
        self._lost = self._ending = False

    @property
    def may_be_resumed(self) -> bool:
        """Whether the call goes on, with or without a page."""
        return self._tasks is not None and not self._ending

    def _new_line(self) -> Line:
        return Line(self._stun, self._hosts, received=self._received, alive=self._alive, pull=self._pull)

    async def answer(self, offer: Offer) -> str:
        """The SDP of the answer. Raises BadInput when the offer cannot be answered."""
        return await self._line.answer(offer, self._microphone, self._camera, self._now)

    async def resume(self, offer: Offer, received: int, greeting: Message) -> str:
        """Continues the call on the connection of another offer, whose page has got `received` messages. Returns the
        SDP of the answer. Raises BadInput when the offer cannot be answered; the call may then still be resumed."""
        async with self._resuming:
            line, old = self._new_line(), self._line
            sdp = await line.answer(offer, self._microphone, self._camera, self._now)
            if self._tasks is None or self._ending:
                await line.close()
                raise BadInput("The call has ended meanwhile.")
            self._line, self.waits_for_page, self._lost = line, False, False
            self._tasks.create_task(old.close(), name=f"{self.name}/old line")
            self._microphone.restart()
            self._camera.restart()
            self._alive()
            self._sent.resume(received)
            self._outbox.put(greeting)
            if self._state is not None:
                self._outbox.put(self._state)
            self._line_changed.set()
            self._resumed.set()
            return sdp

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
        self._outbox.put(to_wire(notice))

    async def run(self, session: CallSession, greetings: Sequence[Message]) -> None:
        """Runs the whole call, until either side ends it. The page gets `greetings` first."""
        self._session = session
        for greeting in greetings:
            self._outbox.put(greeting)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(session.run(), name=f"{self.name}/session")
                sending = tasks.create_task(self._send(), name=f"{self.name}/send")
                helping = [
                    tasks.create_task(work, name=f"{self.name}/{task}")
                    for task, work in (
                        ("camera", self._camera.run()),
                        ("idle", self._fill_silence()),
                        ("watch", self._watch()),
                    )
                ]
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
            if not (
                isinstance(event, SessionEnded) and self._lost
            ):  # a page that receives a goodbye does not call again
                self._outbox.put(message)
            if self._outbox.overflowing:
                self.end("the page reads no messages")
        self._outbox.close()

    async def _send(self) -> None:
        while (message := await self._outbox.take()) is not None:
            for text in within_size(message):
                self._sent.add(text)
                await self._send_waiting()
        await self._line.connection.channel.drained()

    async def _send_waiting(self) -> None:
        """Sends what is not sent; after a lost connection, over the next one."""
        while (text := self._sent.next()) is not None:
            self._line_changed.clear()
            line = self._line
            if await line.connection.channel.send(text):
                if line is self._line:  # else the page says what it has got
                    self._sent.was_sent()
            elif line is self._line:
                await self._line_changed.wait()

    async def _fill_silence(self) -> None:
        while True:
            await asyncio.sleep(IDLE_EVERY_S)
            self._microphone.idle()

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
        while not line.connection.closed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(CHECK_EVERY_S, self._times.vanished_s, self._times.connect_s)):
                    await line.connection.closed.wait()
            self._report_losses()
            if line is not self._line:
                line, connect_by = self._line, self._loop.time() + self._times.connect_s
            self.connected = self.connected or line.connection.connected
            if not line.connection.reached and self._loop.time() > connect_by:
                return "the page did not connect"
            if self._loop.time() - self._alive_at > self._times.vanished_s:
                self._lost = True
                return "the page sends nothing any more"
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

    def _too_large(self, width: int, height: int) -> None:
        self.announce(picture_too_large(width, height))

    def _too_much(self) -> None:
        self.announce(VIDEO_OVER_BUDGET)

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
            self._outbox.put(bad_message(error))
            return
        match message:
            case PingReceived():
                self._outbox.put(pong(message))
            case LeaveReceived():
                self.end("the page left")
            case _:
                if isinstance(message, DeviceSwitched) and message.camera is not None:
                    self._camera.on = message.camera
                self._push(message)

    def _report_losses(self) -> None:
        session = {} if self._session is None else self._session.dropped
        self._losses.update(
            {
                "sound_packets_lost": self._microphone.lost,
                "sound_packets_undecodable": self._microphone.undecodable,
                "sound_packets_refused": self._microphone.refused,
                "picture_streams_broken": self._camera.broken,
                "picture_frames_not_decoded": self._camera.dropped,
                "voice_frames_skipped": self._line.voice.pace.skipped,
                "messages_refused": self._refused_messages,
                "messages_superseded": self._outbox.superseded,
                **{f"session_{what}": count for what, count in session.items()},
            }
        )
