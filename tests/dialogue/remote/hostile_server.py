"""A chat server that does its worst, in the way that the name of the model says."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
ZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DEEP = b"[" * 30_000 + b"]" * 30_000
ENDLESS = 400  # times a block: more than any bound, yet a bound for a client without one
DRIP_S = 0.02


def event(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()


BOMB = gzip.compress(event("x" * 1000) * 50_000)  # 50 MB
# What is sent before, and then again and again.
ENDLESS_WAYS = {
    "endless line": (OK + b"data: ", b"x" * 64_000),
    "endless comments": (OK, b":\n" * 32_000),
    "endless empty events": (OK, b"data: {}\n\n" * 6_000),
    "endless lists": (OK, b'data: {"choices":' + b"[" + b"[]," * 15_000 + b"[]]}\n\n"),
    "endless reply": (OK, event("word ") * 1_000),
    "endless delta": (OK + b'data: {"choices": [{"delta": {"content": "', b"word " * 12_000),
    "tiny chunks": (CHUNKED, b"1\r\n:\r\n1\r\n\n\r\n" * 5_000),
    "gzip bomb": (ZIPPED + BOMB, b""),
    "endless error": (b"HTTP/1.1 500 Broken\r\n\r\n", b"<p>" * 20_000),
}
ONCE = {
    "good": OK + event("Hello.") + b"data: [DONE]\n\n",
    "long delta": OK + event("🙂" * 2_500) + b"data: [DONE]\n\n",
    "deep JSON": OK + b"data: " + DEEP + b"\n\n",
    "deep content": OK + b'data: {"choices": [{"delta": {"content": ' + DEEP + b"}}]}\n\n",
    "surrogate": OK + event("a\ud800b"),
    "cookie": OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n") + event("Hi.") + b"data: [DONE]\n\n",
}
DRIPS = {"drip": (OK, b":\n"), "dripping headers": (OK[:-2], b"X: y\r\n"), "dripping reply": (OK, event("a"))}


class HostileServer:
    """`models` is the whole response to a request for the list of models; `way`, if set, counts for every model."""

    def __init__(self) -> None:
        self.url = self.way = ""
        self.models = b""
        self.requests: list[bytes] = []
        self.sent = 0  # bytes that the client's side has taken, or its socket's buffers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            if head.startswith(b"GET"):
                for start in range(0, len(self.models), 64_000):
                    await self._send(writer, self.models[start : start + 64_000])
            else:
                length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                body = await reader.readexactly(int(length.split(b":")[1]))
                await self._reply(writer, self.way or json.loads(body)["model"])
        writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, way: str) -> None:
        if way in ONCE:
            await self._send(writer, ONCE[way])
        elif way in DRIPS:
            first, again = DRIPS[way]
            await self._send(writer, first)
            while True:
                await self._send(writer, again)
                await asyncio.sleep(DRIP_S)
        else:
            first, again = ENDLESS_WAYS[way]
            await self._send(writer, first)
            for _ in range(ENDLESS):
                await self._send(writer, again)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent += len(data)


@asynccontextmanager
async def hostile_server() -> AsyncIterator[HostileServer]:
    hostile = HostileServer()
    server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0)
    hostile.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield hostile
    finally:
        server.close()
