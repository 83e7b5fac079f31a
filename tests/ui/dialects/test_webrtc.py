"""OpenAI's dialects over WebRTC: the offer goes through the stock `openai` client, events through the data channel.

Also tests `client_delegate.py`, `rtc_calls.py`, `rtc_endpoints.py`, `rtc_media.py`, `running_sessions.py` and
`ui/realtime/live/live_channel.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from openai import AsyncOpenAI

from tests.browser.served import ServerProcess
from tests.ui.tracks import Tone

WITHIN_S = 30

Answer = Callable[[str], Awaitable[str]]  # from the SDP of the offer to that of the answer


class Silence(Tone):
    """A microphone in a quiet room."""

    def __init__(self) -> None:
        super().__init__()
        self._out.pull = lambda n: np.zeros(n, np.float32)  # type: ignore[method-assign]  # no sound


class RtcClient:
    """A page's end of a call: events of the data channel, and the loudness of the voice."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.connection.createDataChannel("oai-events")
        self.events: list[dict[str, Any]] = []
        self.heard = 0  # loud packets
        self._came, self._hearing = asyncio.Event(), list[asyncio.Task[None]]()

    async def __aenter__(self) -> Self:
        self.connection.addTrack(Silence())
        self.channel.on("message", self._take)
        self.connection.on("track", lambda track: self._hearing.append(asyncio.create_task(self._hear(track))))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._hearing:
            task.cancel()
        await self.connection.close()

    async def call(self, answer: Answer) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sdp = await answer(self.connection.localDescription.sdp)
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def says(self, kind: str, **fields: Any) -> None:
        self.channel.send(json.dumps({"type": kind, **fields}))

    async def gets(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            while not (found := [event for event in self.events if event["type"] == kind]):
                self._came.clear()
                await self._came.wait()
        return found[-1]

    def _take(self, text: str) -> None:
        self.events.append(json.loads(text))
        self._came.set()

    async def _hear(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            self.heard += int(np.abs(frame.to_ndarray()).max() > 1000)


def test_a_realtime_call_has_events_on_its_channel_and_the_voice_on_its_track(server: ServerProcess) -> None:
    async def story() -> None:
        openai = AsyncOpenAI(base_url=f"{server.url}v1", api_key="none", max_retries=0)
        location = ""

        async def answer(sdp: str) -> str:
            nonlocal location
            made = await openai.realtime.calls.create(sdp=sdp, session={"type": "realtime", "instructions": "Be kind."})
            location = made.response.headers["location"]
            return made.text

        async with RtcClient() as client:
            await client.call(answer)
            created = await client.gets("session.created")
            assert created["session"]["instructions"] == "Be kind."
            item = {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is 6 times 7?"}],
            }
            client.says("input_audio_buffer.append", audio="AAA=")
            assert "audio track" in (await client.gets("error"))["error"]["message"]
            client.says("conversation.item.create", item=item)
            client.says("response.create")
            done = await client.gets("response.done")
            words = done["response"]["output"][0]["content"][0]["transcript"]
            assert "42" in words or "forty" in words
            await client.gets("output_audio_buffer.started")
            await client.gets("output_audio_buffer.stopped")
            assert client.heard > 15
            async with openai.realtime.connect(call_id=location.rpartition("/")[2]) as beside:
                assert (await beside.recv()).type == "session.created"
                await beside.session.update(session={"type": "realtime", "instructions": "Be short."})
                assert (await client.gets("session.updated"))["session"]["instructions"] == "Be short."
                assert (await beside.recv()).type == "session.updated"
            assert not [event for event in client.events if event["type"] == "response.output_audio.delta"]
            await openai.realtime.calls.hangup(location.rpartition("/")[2])

    asyncio.run(story())


async def watches_and_steers(openai: AsyncOpenAI, session_id: str) -> None:
    """A trusted server beside the page sees what the page may not, does what it may not, and ends the session."""
    async with openai.live.sideband.connect(session_id=session_id) as beside:
        assert (await beside.recv()).type == "session.started"
        await beside.session.thinking.append(content="The guest is Ada.", delegation_id=None)
        kinds = []
        async for event in beside:
            kinds.append(event.type)
            if event.type == "session.thinking.appended":
                await beside.session.close()
        assert kinds[-1] == "session.closed"
    async with openai.live.sideband.connect(session_id="live_none") as beside:
        assert (await beside.recv()).type == "error"


def test_a_live_call_gives_its_page_what_is_permitted(server: ServerProcess) -> None:
    async def story() -> None:
        openai = AsyncOpenAI(base_url=f"{server.url}v1", api_key="none", max_retries=0)

        session_id = ""

        async def answer(sdp: str) -> str:
            channel = {
                "allowed_client_events": ["session.commentary.append"],
                "allowed_server_events": [
                    {"type": each} for each in ("session.started", "session.output_transcript.delta", "error", "info")
                ],
            }
            nonlocal session_id
            made = await openai.live.create(
                session={"model": "any", "client": {"data_channel": channel}},  # type: ignore[typeddict-item]  # a plain dict
                transport={"type": "webrtc", "sdp": sdp},
            )
            session_id = made.session.id
            return made.transport.sdp

        async with RtcClient() as client:
            await client.call(answer)
            assert (await client.gets("session.started"))["session"]["model"] == "any"
            assert "session.commentary.append" in (await client.gets("info"))["message"]
            client.says("session.close")
            await client.gets("error")
            client.says("session.commentary.append", content="Dinner is ready now.", delegation_id=None)
            await client.gets("session.output_transcript.delta")
            assert client.heard > 0
            await watches_and_steers(openai, session_id)
            kinds = {event["type"] for event in client.events}
            assert kinds <= {"session.started", "session.output_transcript.delta", "error", "info"}

    asyncio.run(story())


def test_what_is_no_offer_is_refused(server: ServerProcess) -> None:
    for path, body, kind in (
        ("realtime/calls", b"v=0", "application/sdp"),
        ("realtime/calls", b"v=0", "text/plain"),
        ("realtime/calls", b"--x--", "multipart/form-data; boundary=x"),
        ("realtime/calls", b"x" * 2_000_000, "application/sdp"),
        ("live/sessions", b"{}", "application/json"),
        ("live/sessions", b"[", "application/json"),
        ("live/sessions", b'{"session": {"model": 3}, "transport": {"type": "webrtc", "sdp": ""}}', "application/json"),
    ):
        refused = httpx.post(f"{server.url}v1/{path}", content=body, headers={"Content-Type": kind})
        assert refused.status_code == 400, (path, body[:20], refused.text)
        assert refused.json()["error"]["message"]
    assert httpx.post(f"{server.url}v1/realtime/calls/rtc_none/hangup").status_code == 404


def test_a_short_lived_secret_opens_the_session_that_it_was_made_for(server: ServerProcess) -> None:
    async def story() -> None:
        openai = AsyncOpenAI(base_url=f"{server.url}v1", api_key="none", max_retries=0)
        made = await openai.realtime.client_secrets.create(
            session={"type": "realtime", "instructions": "Be kind."},
            expires_after={"anchor": "created_at", "seconds": 60},
        )
        assert made.session.type == "realtime" and made.session.instructions == "Be kind."
        page = AsyncOpenAI(base_url=f"{server.url}v1", api_key=made.value, max_retries=0)
        async with page.realtime.connect(model="any") as connection:
            created = await connection.recv()
            assert created.type == "session.created" and created.session.type == "realtime"
            assert created.session.instructions == "Be kind."

    asyncio.run(story())
