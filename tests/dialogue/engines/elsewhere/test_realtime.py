"""The engine of a realtime server against servers that fail in every way; what it keeps of the conversation.

Also tests `dialogue/remote/realtime/realtime_socket.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from dialogue.blocks import ReplyBlock, TranscriptBlock, UnitBlock
from dialogue.engine import UnitAnswer
from dialogue.engines.elsewhere.realtime import RealtimeEngine, RealtimeServer
from dialogue.engines.settings import RealtimeSettings
from dialogue.errors import BadInput, EngineLost
from dialogue.remote.realtime.far_events import Samples
from dialogue.remote.realtime.far_sound import pcm16
from dialogue.remote.retries import Unavailable
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Toolbox

SOUND = pcm16(np.full(2400, 0.5, np.float32))
SECOND = UnitBlock(np.zeros(3200, np.float32), 0.0)
Behaviour = Callable[[ServerConnection], Awaitable[None]]


def as_it_is(_rate_in: int, _rate_out: int) -> Callable[[Samples], Samples]:
    return lambda samples: samples


async def begins(socket: ServerConnection) -> list[Any]:
    """The handshake of OpenAI's dialect; returns what the client sent."""
    await socket.send(json.dumps({"type": "session.created"}))
    update = json.loads(await socket.recv())
    await socket.send(json.dumps({"type": "session.updated"}))
    return [update]


async def says(socket: ServerConnection, kind: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": kind, **fields}))


async def speaks(socket: ServerConnection, words: str = "Hello") -> None:
    await says(socket, "response.created", response={"id": "r"})
    await says(socket, "response.output_audio_transcript.delta", response_id="r", delta=words)
    await says(socket, "response.output_audio.delta", response_id="r", item_id="i", delta=SOUND)


@asynccontextmanager
async def engine_of(behaviour: Behaviour, refuses: int | None = None, **options: Any) -> AsyncIterator[RealtimeEngine]:
    def refusal(connection: ServerConnection, _request: Request) -> Response | None:
        return connection.respond(HTTPStatus(refuses), "no") if refuses is not None else None

    async with serve(behaviour, "127.0.0.1", 0, process_request=refusal) as server:
        port = server.sockets[0].getsockname()[1]
        address = f"ws://127.0.0.1:{port}/v1/realtime"
        engine = RealtimeServer(address, "openai", as_it_is, api_key="secret", **options)()
        try:
            yield engine
        finally:
            await engine.close()


async def until_lost(engine: RealtimeEngine) -> tuple[list[UnitAnswer], str, bool]:
    """The answers until the server is lost; why; whether that may pass."""
    answers = list[UnitAnswer]()
    async with asyncio.timeout(5):
        while True:
            try:
                answers.append(await engine.spoken())
            except EngineLost as lost:
                return answers, str(lost), isinstance(lost, Unavailable)


def test_words_and_sound_come_as_they_are_sent() -> None:
    async def server(socket: ServerConnection) -> None:
        await begins(socket)
        assert json.loads(await socket.recv())["type"] == "input_audio_buffer.append"
        await speaks(socket)
        await says(socket, "response.done", response={"id": "r", "status": "completed"})
        await socket.wait_closed()

    async def talk() -> list[UnitAnswer]:
        async with engine_of(server) as engine:
            connected = await engine.spoken()
            await engine.feed(SECOND)
            return [connected, *[await engine.spoken() for _ in range(3)]]

    connected, words, sound, over = asyncio.run(talk())
    assert connected.listening
    assert words.text == "Hello"
    assert sound.sound is not None and len(sound.sound.samples) == 2400
    assert over.turn_over and not over.listening


def test_our_function_is_run_for_the_server_and_one_that_needs_consent_is_not_offered() -> None:
    def weather(city: str) -> str:
        """Look up the weather."""
        return f"sunny in {city}"

    def delete(path: str) -> str:
        """Delete a file."""
        raise AssertionError("it was not offered")

    got = list[Any]()

    async def server(socket: ServerConnection) -> None:
        got.extend(await begins(socket))
        call = {"response_id": "r", "call_id": "c", "name": "weather", "arguments": '{"city": "Rome"}'}
        await says(socket, "response.created", response={"id": "r"})
        await says(socket, "response.function_call_arguments.done", **call)
        await says(socket, "response.done", response={"id": "r", "status": "completed"})
        got.extend([json.loads(await socket.recv()) for _ in range(2)])
        await speaks(socket, "It is sunny")
        await socket.wait_closed()

    async def talk() -> str:
        async with engine_of(server) as engine:
            engine.equip(Toolbox(user_tools=(Tool.of(weather), Tool.of(delete, asks=True))))
            assert (await engine.spoken()).listening
            return (await engine.spoken()).text

    assert asyncio.run(talk()) == "It is sunny"
    update, output, create = got
    assert [tool["name"] for tool in update["session"]["tools"]] == ["weather"]
    assert "sunny in Rome" in output["item"]["output"] and create["type"] == "response.create"


async def dies_in_a_reply(socket: ServerConnection) -> None:
    await begins(socket)
    await speaks(socket)
    socket.transport.abort()


async def never_begins(socket: ServerConnection) -> None:
    await socket.wait_closed()


async def hangs_in_a_reply(socket: ServerConnection) -> None:
    await begins(socket)
    await speaks(socket)
    await socket.wait_closed()


async def is_full(socket: ServerConnection) -> None:
    await says(socket, "error", error={"message": "All places are taken."})
    await socket.close(1013)


async def floods(socket: ServerConnection) -> None:
    await begins(socket)
    await socket.send("x" * 5_000_000)
    await socket.wait_closed()


@pytest.mark.parametrize(
    ("behaviour", "refuses", "why", "answers", "may_pass"),
    [
        (never_begins, 401, "refused the API key with status 401", 0, False),
        (never_begins, 503, "status 503", 0, True),
        (never_begins, 404, "status 404", 0, False),
        (never_begins, None, "has not answered for 0 s", 0, True),
        (dies_in_a_reply, None, "connection to the realtime server is lost", 3, True),
        (hangs_in_a_reply, None, "has not answered for 0 s", 3, True),
        (is_full, None, "All places are taken", 0, False),
        (floods, None, "connection to the realtime server is lost", 1, True),
    ],
)
def test_a_server_that_fails_is_lost_with_a_reason(
    behaviour: Behaviour, refuses: int | None, why: str, answers: int, may_pass: bool
) -> None:
    async def talk() -> tuple[list[UnitAnswer], str, bool]:
        async with engine_of(behaviour, refuses, answer_s=0.3, ready_s=0.3) as engine:
            return await until_lost(engine)

    came, reason, passes = asyncio.run(talk())
    assert why in reason and "secret" not in reason
    assert len(came) == answers
    assert passes is may_pass


def test_garbage_is_reported_and_the_session_goes_on() -> None:
    async def server(socket: ServerConnection) -> None:
        await begins(socket)
        for odd in ("<html>", "[1]", '{"type": "response.output_audio.delta", "delta": "%"}'):
            await socket.send(odd)
        await speaks(socket, "Still here")
        await socket.wait_closed()

    async def talk() -> list[str]:
        reports, text = list[str](), ""
        async with engine_of(server) as engine, asyncio.timeout(5):
            while not text:
                try:
                    text = (await engine.spoken()).text
                except BadInput as odd:
                    reports.append(str(odd))
        return [*reports, text]

    *reports, text = asyncio.run(talk())
    assert len(reports) == 3
    assert text == "Still here"


def test_a_new_connection_is_given_what_was_said_and_heard() -> None:
    given = list[Any]()

    async def server(socket: ServerConnection) -> None:
        await begins(socket)
        if given:
            given.append([json.loads(await socket.recv()) for _ in range(2)])
        given.append("first")
        await socket.close()

    async def talk() -> None:
        async with engine_of(server) as engine:
            await until_lost(engine)
            await engine.feed(TranscriptBlock("My name is Ada.", 0.0, 1.0))
            await engine.feed(ReplyBlock("Hello", 1.0, 2.0, cut=True))
            await engine.spoken()
            assert sum(engine.context().tokens.values()) > 0
            async with asyncio.timeout(5):
                while len(given) < 2:  # noqa: ASYNC110 - the server has nothing to await
                    await asyncio.sleep(0.01)

    asyncio.run(talk())
    items = [message["item"] for message in given[1]]
    assert [(item["role"], item["content"][0]["text"]) for item in items] == [
        ("user", "My name is Ada."),
        ("assistant", "Hello"),
    ]


def test_an_interruption_is_sent_with_the_sound_that_was_heard() -> None:
    got = list[Any]()

    async def server(socket: ServerConnection) -> None:
        await begins(socket)
        await speaks(socket)
        got.extend([json.loads(await socket.recv()) for _ in range(2)])
        await socket.close()

    async def talk() -> None:
        async with engine_of(server) as engine:
            for _ in range(3):
                await engine.spoken()
            await engine.break_off(2, 0.06)
            await until_lost(engine)

    asyncio.run(talk())
    assert [message["type"] for message in got] == ["response.cancel", "conversation.item.truncate"]
    assert (got[1]["item_id"], got[1]["audio_end_ms"]) == ("i", 60)


@pytest.mark.parametrize(
    ("url", "options", "address", "sees"),
    [
        ("http://box:1/v1", {"model": "m"}, "ws://box:1/v1/realtime?model=m", True),
        ("https://box/v1/live/sessions", {"model": "m"}, "wss://box/v1/live/sessions", False),
        ("ws://box/v1/realtime?mode=audio", {"model": "m"}, "ws://box/v1/realtime?mode=audio&model=m", False),
        ("ws://box/v1", {"dialect": "minicpm"}, "ws://box/v1/realtime?mode=video", True),
        ("ws://box", {"dialect": "live"}, "ws://box/v1/live/sessions", False),
    ],
)
def test_the_address_names_the_dialect(url: str, options: dict[str, Any], address: str, sees: bool) -> None:
    settings = RealtimeSettings(url=url, **options)
    assert settings.address == address
    assert settings.sees is sees


def test_a_wrong_address_is_named() -> None:
    async def talk() -> str:
        engine = RealtimeServer("ws://127.0.0.1:1/v1/realtime", "openai", as_it_is)()
        _, why, _ = await until_lost(engine)
        await engine.close()
        return why

    assert "No realtime server answers at ws://127.0.0.1:1/v1/realtime" in asyncio.run(talk())
