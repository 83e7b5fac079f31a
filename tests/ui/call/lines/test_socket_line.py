"""A call over a WebSocket, for a page that cannot send UDP: sound both ways, pictures, messages, the same session.

Also tests `call_media.py`, `notices.py`, `page_side.py`, `still_pictures.py` and `ui/http/call_socket.py`.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from stream.runtime.events import ReplyText, TextTyped
from tests.ui.call.test_call import pitch, run, until
from tests.ui.caller import Caller, House, house
from tests.ui.tracks import TONE_HZ, Tone
from ui.call.lines.socket_line import GOT, HEADER, MOST_UNDERWAY, PICTURE, SOUND, VOICE_HZ
from ui.http.call_socket import NO_SUCH_CALL


@dataclass
class SocketCaller:
    """The page's end of a call over a WebSocket."""

    socket: ClientConnection
    answer: dict[str, Any]
    acknowledges: bool = True
    messages: list[dict[str, Any]] = field(default_factory=list)
    sound: list[np.ndarray] = field(default_factory=list)

    async def read(self) -> None:
        async for message in self.socket:
            if isinstance(message, str):
                self.messages.append(json.loads(message))
                continue
            kind, number = HEADER.unpack_from(message)
            assert (kind, number) == (SOUND, len(self.sound))
            self.sound.append(np.frombuffer(message[HEADER.size :], "<i2").astype(np.float32) / 32768)
            if self.acknowledges:
                with suppress(ConnectionClosed):
                    await self.socket.send(HEADER.pack(GOT, len(self.sound)))

    def texts(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]


@asynccontextmanager
async def over_socket(server: House, *, acknowledges: bool = True, **more: object) -> AsyncIterator[SocketCaller]:
    response = await server.client.post("/call", json={"transport": "websocket", **more})
    assert response.status_code == 200, response.text
    answer = response.json()
    async with connect(server.url.replace("http", "ws") + answer["socket"]) as socket:
        caller = SocketCaller(socket, answer, acknowledges)
        reading = asyncio.create_task(caller.read())
        await until(lambda: bool(caller.texts("hello")))
        yield caller
        await socket.close()
        await reading


def red_and_blue() -> bytes:
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[:, :160, 0] = rgb[:, 160:, 2] = 220
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG")
    return file.getvalue()


def test_sound_pictures_and_messages_go_over_a_websocket(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, over_socket(server) as caller:
            [session] = server.sessions
            tone = np.sin(2 * np.pi * TONE_HZ * np.arange(16_000) / 16_000) * 0.3
            for number in range(50):
                pcm = (tone[number * 320 : (number + 1) * 320] * 32767).astype("<i2").tobytes()
                await caller.socket.send(HEADER.pack(SOUND, 1000 + number * 320) + pcm)
                await asyncio.sleep(0.02)
            await until(lambda: len(session.heard()) >= 16_000)
            assert pitch(session.heard()[4_000:12_000], 16_000) == pytest.approx(TONE_HZ, abs=4)
            await caller.socket.send(HEADER.pack(PICTURE, 0) + b"no picture")
            await caller.socket.send(HEADER.pack(PICTURE, 0) + red_and_blue())
            await until(lambda: bool(session.saw()))
            left, right = session.saw()[0].rgb[:, 20:140].mean((0, 1)), session.saw()[0].rgb[:, 180:300].mean((0, 1))
            assert left[0] > 150 > left[2] and right[2] > 150 > right[0]
            await until(lambda: len(caller.sound) > 60)
            assert pitch(np.concatenate(caller.sound[-40:]), VOICE_HZ) == pytest.approx(TONE_HZ, abs=4)
            session.say(ReplyText(1, "Hello."))
            await caller.socket.send('{"type": "say", "text": "hi"}')
            for nonsense in (b"", b"\x01", HEADER.pack(SOUND, 5) + b"odd", HEADER.pack(9, 9), "{"):
                await caller.socket.send(nonsense)
            await until(lambda: TextTyped("hi") in session.perceived and bool(caller.texts("notice")))
            assert [message["text"] for message in caller.texts("reply_text")] == ["Hello."]
            await caller.socket.send('{"type": "bye"}')
            await until(lambda: bool(caller.texts("bye")) and server.calls.admission.taken == 0)

    run(story())


def test_sound_waits_in_the_session_while_the_network_holds_it_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, over_socket(server, acknowledges=False) as caller:
            [session] = server.sessions
            await until(lambda: len(caller.sound) == MOST_UNDERWAY)
            await asyncio.sleep(0.2)
            assert session.playback.pulled == MOST_UNDERWAY * 960, "nothing is taken that cannot be sent"
            caller.acknowledges = True
            await caller.socket.send(HEADER.pack(GOT, 2**32 - 1))
            await until(lambda: len(caller.sound) > MOST_UNDERWAY + 5)

    run(story())


def test_a_call_goes_on_over_a_websocket_and_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, resume_s=20) as server, Caller(server.client, (Tone(),)) as one:
            assert (await one.post()).status_code == 200  # its network lets no UDP through
            [session] = server.sessions
            [running] = server.calls._running.values()
            session.say(ReplyText(1, "a"))
            async with over_socket(server, resume=running.call.token, received=0) as two:
                assert two.answer["resumed"] is True and server.sessions == [session]
                await until(lambda: len(two.texts("reply_text")) == 1)
                received = len(two.messages)
            session.say(ReplyText(1, "b"))
            async with Caller(server.client, (Tone(),)) as three:
                await three.call(resume=running.call.token, received=received)
                await until(lambda: any(message["type"] == "reply_text" for message in three.messages))
                assert [message["text"] for message in three.messages if message["type"] == "reply_text"] == ["b"]
                assert server.sessions == [session] and server.calls.admission.taken == 1

    run(story())


def test_a_ticket_opens_one_websocket(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, host="127.0.0.1", token="a token of the test") as server:
            refused = await server.client.post("/call", json={"transport": "websocket"})
            assert refused.status_code == 401
            headers = {"Authorization": "Bearer a token of the test"}
            answer = (await server.client.post("/call", json={"transport": "websocket"}, headers=headers)).json()
            address = server.url.replace("http", "ws") + answer["socket"]
            async with connect(address), connect(address) as second, connect(address + "x") as third:
                for closed in (second, third):
                    with pytest.raises(ConnectionClosed):
                        await closed.recv()
                    assert closed.close_code == NO_SUCH_CALL
            with pytest.raises(InvalidStatus):
                await connect(address, origin=Origin("http://another.site"))

    run(story())
