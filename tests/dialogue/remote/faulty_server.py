"""A chat server on loopback that does, request by request, what a script says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.dialogue.remote.hostile_server import OK, event

DONE = b"data: [DONE]\n\n"
GOOD = OK + event("Hello") + event(" there.") + DONE
DIES_BEFORE_THE_FIRST_WORD = OK + b": wait\n\n"
DIES_AFTER_THE_FIRST_WORD = OK + event("Hello")
GARBAGE = OK + b"<html>This is no event stream.</html>\n"
HANGS = b""
HANGS_AFTER_HEADERS = OK


def refused(status: int, words: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} No", f"Content-Length: {len(words)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", words]).replace("Retry_After", "Retry-After").encode()


@dataclass
class FaultyServer:
    """`script` has the answer to each request in order; the last one is repeated. An unfinished answer hangs if it is
    one of HANGS, HANGS_AFTER_HEADERS, and else the connection breaks."""

    script: list[bytes]
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)  # the client has closed a connection

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            self.requests.append(head + await reader.readexactly(int(length.split(b":")[1])))
            answer = self.script[min(len(self.requests), len(self.script)) - 1]
            writer.write(answer)
            await writer.drain()
            if answer in (HANGS, HANGS_AFTER_HEADERS):
                await reader.read()  # until the client leaves
                self.left.set()
            elif answer in (DIES_BEFORE_THE_FIRST_WORD, DIES_AFTER_THE_FIRST_WORD):
                writer.transport.abort()
        writer.close()


@asynccontextmanager
async def faulty_server(*script: bytes) -> AsyncIterator[FaultyServer]:
    faulty = FaultyServer(list(script))
    server = await asyncio.start_server(faulty.serve, "127.0.0.1", 0)
    faulty.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield faulty
    finally:
        server.close()
