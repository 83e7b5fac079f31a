"""A whole server limits slow, broken and greedy clients, and the log lines that they cause."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.caller import House, house
from ui.http.connection_limits import Limits

QUICK = Limits(connections=16, per_address=16, request_s=0.5, body_s=0.5, answer_s=0.5)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def connected(server: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", httpx.URL(server.url).port)


def request(server: House, method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {httpx.URL(server.url).netloc.decode()}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""


def test_slow_headers_end_at_the_time_limit(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, limits=QUICK) as server:
            reader, writer = await connected(server)
            began = time.perf_counter()
            for byte in request(server, "GET", "/healthz", *[f"X-{n}: y" for n in range(100)]):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
                if reader.at_eof() or writer.transport.is_closing():
                    break
            assert await rest(reader) == b""
            assert 0.4 < time.perf_counter() - began < 5

    run(story())


def test_endless_headers_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            reader, writer = await connected(server)
            writer.write(b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000)
            assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")

    run(story())


def test_a_missing_body_is_answered_at_the_time_limit(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, limits=QUICK) as server:
            reader, writer = await connected(server)
            began = time.perf_counter()
            writer.write(request(server, "POST", "/call", "Content-Length: 1000") + b"{")
            answer = await rest(reader)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"broken_off"' in answer
            assert b"Please send it again." in answer
            assert 0.4 < time.perf_counter() - began < 5
            assert (await server.client.get("/")).status_code == 200

    run(story())


def test_a_client_that_disconnects_in_its_body_causes_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            for _ in range(20):
                _, writer = await connected(server)
                writer.write(request(server, "POST", "/call", "Content-Length: 1000") + b"{")
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.transport.abort()
            await asyncio.sleep(0.2)
            assert server.service.state.calls is not None
            assert server.calls.admission.taken == 0
            assert 'code="broken"' not in (await server.client.get("/metrics")).text

    with caplog.at_level(logging.WARNING):
        run(story())
    assert not caplog.records


def test_a_client_that_does_not_read_answers_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, limits=QUICK) as server:
            greedy = socket.socket()
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            greedy.connect(("127.0.0.1", httpx.URL(server.url).port))
            greedy.setblocking(False)
            loop = asyncio.get_running_loop()
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(30):
                    while True:  # until the buffers are full, and then until the connection is dropped
                        await loop.sock_sendall(greedy, request(server, "GET", "/page/app.js") * 100)
            greedy.close()
            assert (await server.client.get("/")).status_code == 200

    run(story())


def test_several_requests_at_once_are_all_answered(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, limits=QUICK) as server:
            reader, writer = await connected(server)
            writer.write(request(server, "GET", "/healthz") * 10)
            answers = await rest(reader)  # until the time limit
            assert answers.count(b"HTTP/1.1 200 ") == 10

    run(story())


def test_a_connection_stays_open_while_it_is_used(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, limits=QUICK) as server:
            reader, writer = await connected(server)
            for _ in range(6):
                writer.write(request(server, "GET", "/healthz"))
                assert (await asyncio.wait_for(reader.readuntil(b"}"), 5)).startswith(b"HTTP/1.1 200 ")
                await asyncio.sleep(0.2)

    run(story())


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://a]", "//[x]", "null", "", "http://\u2100.example"]
)
def test_an_invalid_origin_counts_as_another_site(tmp_path: Path, origin: str) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            refused = await server.client.post("/call", content=b"{}", headers={b"Origin": origin.encode()})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "origin")

    run(story())
