"""Shared by the tests of the server: a caller over real WebRTC, and a session that records its input.

The session stands for the neighbour of the edge; the tests in tests/browser have the real one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from dialogue.engines.settings import ScriptedSettings
from dialogue.errors import Busy
from stream.models.capacity import Capacity
from stream.models.setup import Setup
from stream.runtime.events import AudioReceived, Expressed, FrameReceived, Perceived, SessionEnded
from stream.session.session_start import SessionStart
from tests.ui.tracks import Colours, Tone, ToneOut
from ui.call.call import Call
from ui.call.calls import Calls
from ui.call.times import CallTimes
from ui.host.address import listen
from ui.http.connection_limits import Limits
from ui.http.server import Service
from ui.http.upgrading import Upgrade
from ui.http.web_server import web_server
from ui.rtc.webrtc import PeerConnection

SETUP = Setup("test", ScriptedSettings(), "a session that only remembers", capacity=2)


class RememberingSession:
    """Records its input, and emits the events given to `say`."""

    def __init__(self, name: str, start: SessionStart) -> None:
        self.name, self.start = name, start
        self.perceived: list[Perceived] = []
        self.playback = ToneOut()
        self.dropped: dict[str, int] = {}
        self.closed = asyncio.Event()
        self.reason = ""
        self.breaks = False
        self._recording = start.recording.begin({}) if start.recording is not None else None
        self.recorded = self._recording is not None
        self._out: asyncio.Queue[Expressed] = asyncio.Queue()
        self._zero = asyncio.get_running_loop().time()

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._zero

    def push(self, event: Perceived) -> None:
        self.perceived.append(event)

    def say(self, event: Expressed) -> None:
        self._out.put_nowait(event)

    async def events(self) -> AsyncIterator[Expressed]:
        while True:
            event = await self._out.get()
            yield event
            if isinstance(event, SessionEnded):
                return

    def close(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.closed.set()

    async def run(self) -> None:
        await self.closed.wait()
        if self._recording is not None:
            self._recording.close()
        if self.breaks:
            raise RuntimeError("broken on purpose")
        self.say(SessionEnded(self.reason))

    def heard(self) -> np.ndarray:
        chunks = [event.chunk for event in self.perceived if isinstance(event, AudioReceived)]
        assert [chunk.start for chunk in chunks[1:]] == [chunk.end for chunk in chunks[:-1]]
        return np.concatenate([chunk.samples for chunk in chunks]) if chunks else np.zeros(0, np.float32)

    def saw(self) -> list[Any]:
        return [event.picture for event in self.perceived if isinstance(event, FrameReceived)]


class NoModels:
    """Models of the sessions: none."""

    closed = False
    busy_s = 0.0
    voice = None

    def __init__(self, capacity: Capacity | None = None) -> None:
        self.capacity = capacity

    def close(self) -> None:
        self.closed = True


@dataclass
class House:
    """A running server on real sockets."""

    url: str
    service: Service[NoModels]
    parts: NoModels
    sessions: list[RememberingSession]
    serving: asyncio.Task[None]
    client: httpx.AsyncClient
    opened: list[NoModels]  # the models of each session

    @property
    def calls(self) -> Calls:
        """The calls of a server whose models are open."""
        assert self.service.state.calls is not None
        return self.service.state.calls

    async def stop(self) -> None:
        self.service.stop.set()
        await self.serving


@asynccontextmanager
async def house(
    tmp_path: Path,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    setup: Setup = SETUP,
    vanished_s: float = 12.0,
    resume_s: float = 0.0,
    connect_s: float = 20.0,
    opening: asyncio.Event | None = None,
    capacity: Capacity | None = None,
    limits: Limits | None = None,
    upgrade: Upgrade[NoModels] | None = None,
    record: Path | None = None,
) -> AsyncIterator[House]:
    """Yields the server once it takes calls, or at once while `opening` delays it."""
    sessions, opened, parts = list[RememberingSession](), list[NoModels](), NoModels(capacity)

    async def open_parts() -> NoModels:
        if opening is not None:
            await opening.wait()
        return parts

    def open_session(name: str, its_parts: NoModels, _setup: Setup, start: SessionStart) -> RememberingSession:
        opened.append(its_parts)
        session = RememberingSession(name, start)
        sessions.append(session)
        return session

    ready = asyncio.Event()
    listening, address = listen(host, 0)
    times = CallTimes(vanished_s, resume_s, connect_s)
    service = Service(setup, open_parts, open_session, times=times, upgrade=upgrade, record=record)
    web = web_server(service.state, address, token, tmp_path, limits)
    serving = asyncio.create_task(service.run(web, listening, ready.set))
    async with asyncio.timeout(10):
        while not web.started:  # noqa: ASYNC110 - uvicorn has nothing to await
            await asyncio.sleep(0.01)
        if opening is None:
            await ready.wait()
    url = address.url().rstrip("/")
    async with httpx.AsyncClient(base_url=url, verify=False, timeout=15) as client:
        try:
            yield House(url, service, parts, sessions, serving, client, opened)
        finally:
            service.stop.set()
            await serving


def peer_connection(call: Call) -> PeerConnection:
    """The server's end of a call over WebRTC."""
    assert call.peer_connection is not None
    return call.peer_connection


@dataclass
class Caller:
    """One browser's end of a call."""

    client: httpx.AsyncClient
    tracks: tuple[MediaStreamTrack, ...] = field(default_factory=lambda: (Tone(), Colours()))
    messages: list[dict[str, Any]] = field(default_factory=list)
    sound: list[np.ndarray] = field(default_factory=list)
    session: str = ""
    answer: dict[str, Any] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for track in self.tracks:
            self.connection.addTrack(track)
        self.channel = self.connection.createDataChannel("events")
        self.changed = asyncio.Event()
        self.channel.on("message", self._received)
        self.connection.on("track", self._listen)
        self._listening: list[asyncio.Task[None]] = []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._listening:
            task.cancel()
        await self.connection.close()

    def _received(self, text: str) -> None:
        self.messages.append(json.loads(text))
        self.changed.set()

    def _listen(self, track: MediaStreamTrack) -> None:
        async def listen_on() -> None:
            while True:
                frame = await track.recv()
                self.sound.append(frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float32) / 32768)

        self._listening.append(asyncio.create_task(listen_on()))

    async def offer(self) -> str:
        if self.connection.localDescription is None:
            await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def post(self, **more: object) -> httpx.Response:
        return await self.client.post("/call", json={"sdp": await self.offer(), "type": "offer", **more})

    async def call(self, **more: object) -> None:
        """Returns once the server has said hello."""
        await self.accept(await self.post(**more))

    async def accept(self, response: httpx.Response) -> None:
        """As `call`, from the server's answer on."""
        if response.status_code == 503:
            raise Busy(response.text)
        assert response.status_code == 200, response.text
        answer = self.answer = response.json()
        self.session = answer["session"]
        await self.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        await self.message("hello")

    async def message(self, kind: str, within_s: float = 60.0) -> dict[str, Any]:
        """The first message of that type."""
        async with asyncio.timeout(within_s):
            while True:
                for message in self.messages:
                    if message["type"] == kind:
                        return message
                self.changed.clear()
                await self.changed.wait()

    def send(self, message: object) -> None:
        self.channel.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def vanish(self) -> None:
        """Disappears without a goodbye, like a closed laptop: sends and answers nothing any more."""
        transport = self.connection.getTransceivers()[0].receiver.transport.transport

        async def nowhere(data: bytes) -> None:
            return None

        transport._send = nowhere
        for protocol in transport._connection._protocols:
            protocol.transport.sendto = lambda data, addr: None
