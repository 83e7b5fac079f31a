"""One call: a session and a peer connection, joined for as long as both last.

Everything a call starts belongs to one TaskGroup and has ended when `run` returns. Knows neither HTTP nor what the
session does with what it perceives.
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
from ui.realtime.outbox import Outbox
from ui.realtime.wire import LeaveReceived, Message, PingReceived, bad_message, encoded, from_wire, pong, to_wire
from ui.rtc.camera import VideoReceiver
from ui.rtc.microphone import AudioReceiver
from ui.rtc.offer import Offer
from ui.rtc.outgoing import AudioTrack
from ui.rtc.webrtc import PeerConnection, PicturePackets, SoundPackets

log = logging.getLogger(__name__)

# A page pings every 2 s even when it sends no sound: one that was silent for so long is gone. With the look below
# and the end of the session, its place is free again within 15 s; aiortc alone would take 30.
VANISHED_S = 12.0
LOOK_EVERY_S = 1.0
IDLE_EVERY_S = 0.1
FAREWELL_S = 0.5  # for the last words to reach the page


class SoundOut(Protocol):
    def pull(self, n: int) -> Samples: ...


class CallSession(Protocol):
    """What a call needs of a session: `stream.session.session.Session` is one."""

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
    """First `answer`, then `run`; `close` instead where `run` never begins."""

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
        """The answer's SDP. Raises BadInput."""
        sound = SoundPackets(self._microphone, self._alive)
        pictures = PicturePackets(self._camera, self._now, self._alive)
        return await self._connection.answer(offer, self._voice, sound, pictures)

    async def close(self) -> None:
        self._voice.stop()
        await self._connection.close()

    def end(self, reason: str) -> None:
        """Asks `run` to end; the first reason counts."""
        if self._session is not None:
            self._session.close(reason)

    async def run(self, session: CallSession, greeting: Message) -> None:
        """The whole call, until either side ends it."""
        self._session = session
        self._outbox.put(greeting)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.run(), name=f"{self.name}/session")
                sending = tasks.create_task(self._send(), name=f"{self.name}/send")
                helping = [
                    tasks.create_task(work, name=f"{self.name}/{task}")
                    for task, work in (
                        ("camera", self._camera.run()),
                        ("idle", self._let_time_pass()),
                        ("watch", self._watch()),
                    )
                ]
                await self._tell(session)
                await asyncio.wait({sending}, timeout=FAREWELL_S)
                for task in (sending, *helping):
                    task.cancel()
        finally:
            self._report_losses()
            await self.close()

    async def _tell(self, session: CallSession) -> None:
        """Everything the session says goes to the page."""
        async for event in session.events():
            self._metrics.told(event)
            if not (isinstance(event, SessionEnded) and self._lost):  # a page that is told goodbye does not call again
                self._outbox.put(to_wire(event))
            if self._outbox.overflowing:
                self.end("the page reads nothing of what is said")
        self._outbox.close()

    async def _send(self) -> None:
        while (message := await self._outbox.take()) is not None:
            if not await self._connection.channel.send(encoded(message)):
                return
        await self._connection.channel.drained()

    async def _let_time_pass(self) -> None:
        while True:
            await asyncio.sleep(IDLE_EVERY_S)
            self._microphone.idle()

    async def _watch(self) -> None:
        """Ends the call of a page that has gone."""
        gone = self._connection.gone
        while not gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_EVERY_S, self._vanished_s)):
                    await gone.wait()
            self._report_losses()
            if self._loop.time() - self._alive_at > self._vanished_s:
                self._lost = True
                self.end("nothing came from the page any more")
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
            f"The camera sends {width}×{height} pictures, which is more than can be looked at. Choose a smaller size.",
        )
        self._metrics.told(notice)
        self._outbox.put(to_wire(notice))

    def _received(self, text: str | bytes) -> None:
        """A message of the page's. Never raises: it is called from inside aiortc."""
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
        self._losses.now_are(
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
