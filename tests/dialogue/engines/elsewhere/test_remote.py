"""The remote engine against a real HTTP server on loopback, well-behaved and not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dialogue.blocks import Fact, PartialBlock, PictureBlock, ReplyBlock, SceneBlock, SystemBlock, TextBlock
from dialogue.engine import TextDelta
from dialogue.engines.elsewhere.remote import RemoteEngine, open_remote
from dialogue.errors import BadInput, EngineLost
from tests.dialogue.replies import said


def event(text: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n"


class Server:
    """What a chat server does, decided by the name of the model that is asked for."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.left = asyncio.Event()
        self.app = Starlette(
            routes=[Route("/v1/chat/completions", self.chat, methods=["POST"]), Route("/v1/models", self.models)]
        )

    async def models(self, request: Request) -> Response:
        return JSONResponse({"data": [{"id": "first"}, {"id": "second"}]})

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("authorization"))
        if body["model"] == "missing":
            return JSONResponse({"error": {"message": "no such model"}}, status_code=404)
        return StreamingResponse(self.stream(body["model"]), media_type="text/event-stream")

    async def stream(self, model: str) -> AsyncIterator[str]:
        yield ": keep-alive\n\n"
        yield 'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n'
        yield event("Hello") + event(", wor")
        match model:
            case "breaks":
                raise ConnectionAbortedError
            case "silent":
                await self.left.wait()
            case "complains":
                yield 'data: {"error": {"message": "out of memory"}}\n\n'
            case "babbles":
                yield "data: {not json\n\n"
        yield event("ld.") + 'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n'


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # so that nobody needs to wait for the server to be up
        web = uvicorn.Server(uvicorn.Config(server.app, log_level="critical", lifespan="off"))
        task = asyncio.create_task(web.serve(sockets=[listening]))
        try:
            yield server, f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            server.left.set()
            web.should_exit = True
            await task


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(main)


async def reply(engine: RemoteEngine, text: str = "Hi") -> str:
    await engine.feed(TextBlock(text, 0, 1))
    return await said(engine)


async def opened(url: str, model: str | None = "talks", **options: Any) -> RemoteEngine:
    engine = open_remote(url, model, **options).chat()
    assert isinstance(engine, RemoteEngine)
    return engine


def test_the_conversation_is_sent_and_the_reply_streamed() -> None:
    async def talk() -> None:
        async with serving() as (server, url):
            engine = await opened(url, api_key="secret")
            await engine.feed(SystemBlock("Be kind."))
            assert await reply(engine) == "Hello, world."
            await engine.feed(ReplyBlock("Hello,", 1, 2, cut=True))
            await engine.feed(PartialBlock("And", 3))
            await reply(engine, "And now?")
            await engine.close()
            assert server.keys == ["Bearer secret"] * 2
            assert server.bodies[1]["stream"] is True
            assert server.bodies[1]["messages"] == [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello, [interrupted]"},
                {"role": "user", "content": "And now?"},
            ]

    run(talk())


def test_an_unconfirmed_reply_counts_as_said_and_a_rewound_one_does_not() -> None:
    async def talk() -> None:
        async with serving() as (server, url):
            engine = await opened(url)
            await reply(engine)
            await reply(engine, "Two")
            mark = await engine.mark()
            await reply(engine, "Three")
            await engine.rewind(mark)
            await reply(engine, "Four")
            await engine.close()
            said = [message["content"] for message in server.bodies[-1]["messages"][1:]]
            assert said == ["Hi", "Hello, world.", "Two", "Hello, world.", "Four"]

    run(talk())


def test_without_a_name_the_first_model_of_the_server_is_used() -> None:
    async def talk() -> None:
        async with serving() as (server, url):
            engine = await opened(url, None)
            await reply(engine)
            await engine.close()
            assert server.bodies[0]["model"] == "first"

    run(talk())


def test_pictures_are_sent_only_to_a_server_with_vision() -> None:
    picture = PictureBlock(np.zeros((8, 8, 3), np.uint8), 0.5)
    scene = SceneBlock((Fact("text", "", text="EXIT", at=0.5),), "", 0.5)

    async def talk() -> None:
        async with serving() as (server, url):
            for sees in (True, False):
                engine = await opened(url, sees=sees)
                assert engine.can.sees is sees
                await engine.feed(picture)
                await engine.feed(scene)
                await reply(engine, "What is there?")
                await engine.close()
            seeing, blind = (body["messages"][-1]["content"] for body in server.bodies)
            assert [part["type"] for part in seeing] == ["image_url", "text"]
            assert "text: “EXIT”" in blind

    run(talk())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("missing", "refused with status 404"),
        ("breaks", "broke"),
        ("silent", "stopped answering"),
        ("complains", "out of memory"),
    ],
)
def test_a_server_error_ends_the_session_with_a_clear_sentence(model: str, words: str) -> None:
    async def talk() -> None:
        async with serving() as (_, url):
            engine = await opened(url, model, silence_s=0.3)
            with pytest.raises(EngineLost, match=words):
                await reply(engine)
            await engine.close()

    run(talk())


def test_broken_json_ends_only_the_reply() -> None:
    async def talk() -> None:
        async with serving() as (server, url):
            engine = await opened(url, "babbles")
            for text in ("Hi", "And now?"):
                with pytest.raises(BadInput, match="broken JSON"):
                    await reply(engine, text)
            said = [message["content"] for message in server.bodies[-1]["messages"][1:]]
            assert said == ["Hi", "Hello, wor", "And now?"]
            await engine.close()

    run(talk())


def test_an_unreachable_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialogue.remote.retries.PAUSE_S", 0.0)

    async def talk() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
            engine = await opened(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
            with pytest.raises(EngineLost, match="No chat server answers"):
                await reply(engine)
            await engine.close()

    run(talk())


def test_an_invalid_address_is_refused() -> None:
    async def talk() -> None:
        engine = await opened("http://[::bad/v1")
        with pytest.raises(EngineLost):
            await reply(engine)

    run(talk())


def test_stopping_closes_the_connection() -> None:
    async def talk() -> None:
        async with serving() as (_, url):
            engine = await opened(url, "silent")
            await engine.feed(TextBlock("Hi", 0, 1))
            async with aclosing(engine.reply()) as deltas:
                await anext(deltas)
            assert sum(engine.context().tokens.values()) > 0
            await engine.close()

    run(talk())


def test_without_a_question_nothing_is_sent() -> None:
    async def talk() -> None:
        engine = await opened("http://127.0.0.1:9/v1")
        assert await reply(engine, "   ") == ""

    run(talk())


def test_old_turns_leave_when_the_context_is_full() -> None:
    async def talk() -> None:
        engine = await opened("http://127.0.0.1:9/v1", context_tokens=600)
        await engine.feed(SystemBlock("Be kind."))
        for number in range(40):
            await engine.feed(TextBlock(f"{number} " + "word " * 20, number, number))
            await engine.feed(ReplyBlock("Fine.", number, number))
        use = engine.context()
        assert sum(use.tokens.values()) <= 600
        assert use.tokens["system"] > 0
        assert use.dropped_blocks > 40
        assert (await engine.mark()).position == 80

    run(talk())


def test_evicted_turns_are_logged_and_recalled_without_the_server() -> None:
    async def asked_about(engine: RemoteEngine, at: float) -> list[TextDelta]:
        await engine.feed(TextBlock("What did I tell you about my sister?", at, at))
        return [delta async for delta in engine.reply() if isinstance(delta, TextDelta)]

    async def talk() -> None:
        async with serving() as (server, url):
            engine = await opened(url, context_tokens=600)
            await engine.feed(SystemBlock("Be kind."))
            await engine.feed(SceneBlock((Fact("object", "cup"),), "I see a cup.", 5.0))
            await engine.feed(TextBlock("My sister Ruth is a nurse in Leeds.", 10.0, 11.0))
            await engine.feed(ReplyBlock("How nice.", 12.0, 13.0))
            before = await engine.mark()
            assert not any(delta.recalled for delta in await asked_about(engine, 20.0))
            assert len(server.bodies) == 1, "the question is sent to the server"
            await engine.rewind(before)
            await engine.feed(SceneBlock((), "", 50.0))
            for number in range(30):
                await engine.feed(TextBlock(f"The garden {number} is {'so ' * 20} nice.", 60.0 + number, 60.5 + number))
                await engine.feed(ReplyBlock("Fine.", 60.6 + number, 60.9 + number))
            deltas = await asked_about(engine, 600.0)
            assert [(delta.text, delta.recalled) for delta in deltas] == [
                ("About ten minutes ago you told me: My sister Ruth is a nurse in Leeds.", 10.0)
            ]
            assert len(server.bodies) == 1
            left = engine._record.log.events("left")
            assert [(event.at, event.until, event.text) for event in left[:3]] == [
                (5.0, 5.0, "Scene: camera: cup"),
                (10.0, 11.0, "You: My sister Ruth is a nurse in Leeds."),
                (12.0, 13.0, "Assistant: How nice."),
            ]
            assert len(left) == engine.context().dropped_blocks
            [asked] = engine._record.log.events("asked")
            assert asked.text == "What did I tell you about my sister?"
            await engine.close()

    run(talk())
