"""A server that sends too much, too slowly, or something else costs one reply, and little memory and time."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from dialogue.errors import AssistantError, BadInput, EngineLost
from dialogue.remote.chat_server import MAX_DELTA, MAX_REPLY, ChatServer
from tests.dialogue.remote.hostile_server import DEEP, ENDLESS_WAYS, HostileServer, hostile_server

MOST_SENT = 12_000_000  # bytes: the bound of a stream, and what the sockets' buffers of both sides hold
MOST_MEMORY = 4_000_000  # bytes
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs a coroutine on a thread's loop, so that the server's work does not count as the client's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def request(model: str) -> dict[str, Any]:
    return {"model": model, "messages": [], "stream": True}


async def deltas(server: ChatServer) -> list[str]:
    return [text async for text in server.reply(request)]


@asynccontextmanager
async def chatting(model: str | None, **options: Any) -> AsyncIterator[tuple[HostileServer, ChatServer]]:
    async with hostile_server() as hostile:
        server = ChatServer(hostile.url, model, **options)
        try:
            yield hostile, server
        finally:
            await server.close()


@pytest.mark.parametrize(
    ("way", "error", "words"),
    [
        ("endless line", BadInput, "a line of more than 64 kB"),
        ("endless delta", BadInput, "a line of more than 64 kB"),
        ("endless comments", BadInput, "a reply without end"),
        ("endless empty events", BadInput, "a reply without end"),
        ("endless lists", BadInput, "something other than an event"),
        ("tiny chunks", BadInput, "a reply without end"),
        ("gzip bomb", BadInput, "compresses its replies"),
        ("endless error", EngineLost, "refused with status 500"),
        ("deep JSON", BadInput, "broken JSON"),
        ("deep content", BadInput, "broken JSON"),
        ("surrogate", BadInput, "something other than text"),
        ("drip", EngineLost, "not begun to answer within 1 s"),
        ("dripping headers", EngineLost, "not begun to answer within 1 s"),
        ("dripping reply", BadInput, "longer than 1 s"),
    ],
)
def test_a_reply_out_of_bounds_is_refused_in_a_sentence(way: str, error: type[AssistantError], words: str) -> None:
    async def story() -> None:
        async with chatting(way, turn_s=1.0 if "drip" in way else 20.0) as (hostile, server):
            async with asyncio.timeout(15):
                with pytest.raises(error, match=words) as refused:
                    await deltas(server)
            assert len(str(refused.value)) < 500
            assert hostile.sent < MOST_SENT

    asyncio.run(story())


def test_an_endless_reply_ends_at_the_limit() -> None:
    async def story() -> None:
        async with chatting("endless reply") as (hostile, server):
            assert len("".join(await deltas(server))) == MAX_REPLY
            assert hostile.sent < MOST_SENT

    asyncio.run(story())


def test_a_long_delta_is_cut_into_several() -> None:
    async def story() -> None:
        async with chatting("long delta") as (_, server):
            pieces = await deltas(server)
            assert "".join(pieces) == "🙂" * 2_500
            assert max(map(len, pieces)) == MAX_DELTA

    asyncio.run(story())


def test_the_session_goes_on_after_a_bad_reply() -> None:
    async def story() -> None:
        async with chatting("surrogate") as (_, server):
            with pytest.raises(BadInput):
                await deltas(server)
            server._model = "good"
            assert await deltas(server) == ["Hello."]

    asyncio.run(story())


def test_cookies_are_not_kept_and_compression_is_not_asked_for() -> None:
    async def story() -> None:
        async with chatting("cookie") as (hostile, server):
            await deltas(server)
            await deltas(server)
            assert len(hostile.requests) == 2
            for head in hostile.requests:
                assert b"\r\ncookie:" not in head.lower()
                assert b"\r\naccept-encoding: identity\r\n" in head.lower()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (HEAD + b'{"data": [' + b'{"id": "good"},' * 2_000_000, "too many models"),
        (HEAD + b'{"data": ' + DEEP + b"}", "lists no model"),
        (HEAD + b'{"data": []}', "lists no model"),
        (HEAD + b'{"data": [{"id": "' + b"x" * 1000 + b'"}]}', "without a usable name"),
        (HEAD + rb'{"data": [{"id": "\ud800"}]}', "without a usable name"),
        (HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\n123", "compresses"),
    ],
    ids=["endless", "deep", "empty", "long name", "surrogate", "compressed"],
)
def test_a_list_of_models_out_of_bounds_is_refused(models: bytes, words: str) -> None:
    async def story() -> None:
        async with chatting(None) as (hostile, server):
            hostile.models = models
            with pytest.raises(BadInput, match=words):
                await deltas(server)
            assert hostile.sent < MOST_SENT
            hostile.models = HEAD + json.dumps({"data": [{"id": "good"}]}).encode()
            assert await deltas(server) == ["Hello."]

    asyncio.run(story())


@pytest.mark.parametrize("way", ENDLESS_WAYS)
def test_a_hostile_server_holds_up_neither_the_loop_nor_memory(
    way: str, elsewhere: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    serving = hostile_server()
    hostile = elsewhere(serving.__aenter__())

    async def lag(late: list[float]) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - began)

    async def story() -> None:
        server, late = ChatServer(hostile.url, way, turn_s=20.0), list[float]()
        watching = asyncio.create_task(lag(late))
        for _ in range(3):
            try:
                await deltas(server)
            except AssistantError:
                continue
        watching.cancel()
        await server.close()
        late.sort()
        assert late[-1] < 0.5
        assert late[int(len(late) * 0.95)] < 0.1

        tracemalloc.start()
        server = ChatServer(hostile.url, way, turn_s=20.0)
        before, _ = tracemalloc.get_traced_memory()
        with suppress(AssistantError):
            await deltas(server)
        await server.close()
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < MOST_MEMORY / 4
        assert peak - before < MOST_MEMORY

    try:
        asyncio.run(story())
    finally:
        elsewhere(serving.__aexit__(None, None, None))
