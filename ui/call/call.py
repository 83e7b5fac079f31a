"""Runs one call: connects a session to a peer connection until either of them ends.

Every task of a call belongs to one TaskGroup and has ended when `run` returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import numpy as np

from audio.chunk import Chunk, Samples
from dialogue.errors import BadInput
from stream.runtime.events import (
    AudioReceived,
    DeviceSwitched,
    Expressed,
    FrameReceived,
    Notice,
    Perceived,
    SessionEnded,
)
from ui.call.metrics import Losses, Metrics
from ui.realtime.message_size import within_size
from ui.realtime.outbox import Outbox
from ui.realtime.wire import LeaveReceived, Message, PingReceived, bad_message, from_wire, pong, to_wire
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer
from ui.rtc.outgoing import AudioTrack
from ui.rtc.webrtc import AudioPackets, PeerConnection, VideoPackets

log = logging.getLogger(__name__)

# A page pings every 2 s even when it sends no sound, so a page that sends nothing for this long is gone. Its slot is
# free again within 15 s; aiortc alone would take 30 s.
VANISHED_S = 12.0
CHECK_EVERY_S = 1.0
IDLE_EVERY_S = 0.1
LAST_MESSAGES_S = 0.5  # for the last messages to reach the page


class SoundOut(Protocol):
    def pull(self, n: int) -> Samples: ...


class CallSession(Protocol):
    """The interface of a session that a call uses; `stream.session.session.Session` implements it."""

    @property
    def playback(self) -> SoundOut: ...
    @property
    def dropped(self) -> Mapping[str, int]: ...
    async def run(self) -> None: ...
    def now(self) -> float: ...
    def push(self, event: Perceived) -> None: ...
    def events(self) -> AsyncIterator[Expressed]: ...
    def close(self, reason: str) -> None: ...


class Call:
    """To be used as `answer`, then `run`; `close` replaces `run` when the call never begins."""

    def __init__(
        self,
        name: str,
        stun: str | None,
        metrics: Metrics,
        vanished_s: float = VANISHED_S,
        hosts: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self._metrics, self._losses = metrics, Losses(metrics)
        self._vanished_s = vanished_s
        self._session: CallSession | None = None
        self._outbox = Outbox()
        self._microphone = AudioReceiver(self._heard, self._now)
        self._camera = VideoReceiver(lambda picture: self._push(FrameReceived(picture)), self._too_large)
        self._voice = AudioTrack(self._pull)
        self._connection = PeerConnection(stun, self._received, hosts)
        self._loop = asyncio.get_running_loop()
        self._alive_at = self._loop.time()
        self._lost = False

    async def answer(self, offer: Offer) -> str:
        """The SDP of the answer. Raises BadInput when the offer cannot be answered."""
        sound = AudioPackets(self._microphone, self._alive)
        pictures = VideoPackets(self._camera, self._now, self._alive)
        return await self._connection.answer(offer, self._voice, sound, pictures)

    async def close(self) -> None:
        self._voice.stop()
        await self._connection.close()

    def end(self, reason: str) -> None:
        """Asks `run` to end. The first reason counts."""
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
                await asyncio.wait({sending}, timeout=LAST_MESSAGES_S)
                for task in (sending, *helping):
                    task.cancel()
        finally:
            self._report_losses()
            await self.close()

    async def _forward_events(self, session: CallSession) -> None:
        """Sends every event of the session to the page."""
        async for event in session.events():
            self._metrics.count(event)
            if not (
                isinstance(event, SessionEnded) and self._lost
            ):  # a page that receives a goodbye does not call again
                self._outbox.put(to_wire(event))
            if self._outbox.overflowing:
                self.end("the page reads no messages")
        self._outbox.close()

    async def _send(self) -> None:
        while (message := await self._outbox.take()) is not None:
            for text in within_size(message):
                if not await self._connection.channel.send(text):
                    return
        await self._connection.channel.drained()

    async def _fill_silence(self) -> None:
        while True:
            await asyncio.sleep(IDLE_EVERY_S)
            self._microphone.idle()

    async def _watch(self) -> None:
        """Ends the call when the connection is closed or the page sends nothing for `vanished_s`."""
        closed = self._connection.closed
        while not closed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(CHECK_EVERY_S, self._vanished_s)):
                    await closed.wait()
            self._report_losses()
            if self._loop.time() - self._alive_at > self._vanished_s:
                self._lost = True
                self.end("the page sends nothing any more")
                return
        self.end("the connection was lost")

    def _alive(self) -> None:
        self._alive_at = self._loop.time()

    def _now(self) -> float:
        return self._session.now() if self._session is not None else 0.0

    def _push(self, event: Perceived) -> None:
        if self._session is not None:
            self._session.push(event)

    def _heard(self, chunk: Chunk) -> None:
        self._push(AudioReceived(chunk))

    def _pull(self, n: int) -> Samples:
        return self._session.playback.pull(n) if self._session is not None else np.zeros(n, np.float32)

    def _too_large(self, width: int, height: int) -> None:
        notice = Notice(
            "warning",
            "picture_too_large",
            f"The camera sends pictures of {width}×{height}, which is too large. Choose a smaller size.",
        )
        self.announce(notice)

    def _received(self, text: str | bytes) -> None:
        """Handles a message of the page. Never raises, since aiortc calls it."""
        self._alive()
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
                "picture_streams_broken": self._camera.broken,
                "picture_frames_not_decoded": self._camera.dropped,
                "voice_frames_skipped": self._voice.pace.skipped,
                "messages_superseded": self._outbox.superseded,
                **{f"session_{what}": count for what, count in session.items()},
            }
        )
