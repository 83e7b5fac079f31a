"""Ways in which a stranger, a caller or a chat server can be hostile to a running server.

    python benchmarks/callers/attacks.py WAY URL SECONDS [HOST:PORT ...]
    python benchmarks/callers/attacks.py serve

The first form runs one way for some seconds; HOST:PORT are the media sockets of another call. The second form is a
hostile chat server, which prints its address. `hostile.py` starts both as processes of their own.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import httpx
from aiortc.mediastreams import MediaStreamError

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.dialogue.remote.hostile_server import hostile_server
from tests.ui.caller import Caller
from tests.ui.strangers import DATAGRAMS, send_to
from tests.ui.tracks import Colours, Tone

Sockets = list[tuple[str, int]]
HALF_OPEN = 300
LONG_MESSAGE = 40_000_000  # characters
WIDE = 30_000  # pixels of a picture's side
REQUESTS_PER_S, DATAGRAMS_PER_S, OFFERS_PER_S, SAYS_PER_S = 50, 2000, 5, 2
BAD_REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/call", {"content": b"{" * 60_000}),
    ("POST", "/call", {"json": {"sdp": "v=0" + "a=x\r\n" * 9_000, "type": "offer"}}),
    ("POST", "/call", {"json": {"sdp": 7, "type": []}}),
    ("GET", "/", {"headers": {"origin": "http://[::1"}}),
    ("POST", "/v1/chat/completions", {"content": b'{"messages":' + b"[" * 50_000}),
    ("POST", "/v1/chat/completions", {"content": b'{"messages": "\\ud800"}'}),
    ("GET", "/page/..%2f..%2fetc/passwd", {}),
)
REPLIES = (
    "endless line",
    "endless empty events",
    "endless lists",
    "tiny chunks",
    "gzip bomb",
    "deep JSON",
    "surrogate",
)


class Unpaced(Tone):
    """A microphone that sends twenty times as much sound as there is time for."""

    async def recv(self) -> av.AudioFrame:
        self._began = asyncio.get_running_loop().time() - self._out.pulled / 48_000 + 0.001
        return await super().recv()


class LargeCamera(Colours):
    """A camera of 1920x1080 with sixty frames a second."""

    def __init__(self) -> None:
        super().__init__(1920, 1080)

    async def recv(self) -> av.VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(1 / 60)
        frame = av.VideoFrame.from_ndarray(self._rgb, format="rgb24")
        frame.pts, frame.time_base = self._count * 1500, Fraction(1, 90_000)
        self._count += 1
        return frame


def wide_picture() -> bytes:
    """A PNG of WIDE x WIDE pixels, black: 0.9 GB when it is decoded, less than a megabyte as a file."""
    file, row = io.BytesIO(b""), bytes(1 + WIDE // 8)
    packed = zlib.compress(row * WIDE, 9)
    file.write(b"\x89PNG\r\n\x1a\n")
    for kind, data in ((b"IHDR", WIDE.to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])), (b"IDAT", packed), (b"IEND", b"")):
        file.write(len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4))
    return file.getvalue()


async def repeat(per_s: float, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Acts at most `per_s` times a second, one after another, until `seconds` have passed."""
    ends = time.monotonic() + seconds
    while (now := time.monotonic()) < ends:
        await act()
        await asyncio.sleep(max(0.0, now + 1 / per_s - time.monotonic()))


async def datagrams(_client: httpx.AsyncClient, seconds: float, sockets: Sockets) -> None:
    each, at_once = cycle(DATAGRAMS.values()), 20

    async def send() -> None:
        for _ in range(at_once):
            with suppress(OSError):
                send_to(sockets, next(each))

    await repeat(DATAGRAMS_PER_S / at_once, seconds, send)


async def half_open(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    held: list[asyncio.StreamWriter] = []

    async def more() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            writer.write(b"POST /call HTTP/1.1\r\nHost: ")
            held.append(writer)
        if len(held) > HALF_OPEN:
            held.pop(0).close()

    await repeat(HALF_OPEN, seconds, more)


async def requests(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    each = cycle(BAD_REQUESTS)

    async def send() -> None:
        method, path, what = next(each)
        with suppress(httpx.HTTPError):
            await client.request(method, path, **what)

    await repeat(REQUESTS_PER_S, seconds, send)


async def offers(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    async with Caller(client, (Tone(),)) as caller:

        async def offer() -> None:
            with suppress(httpx.HTTPError):
                await caller.post()

        await repeat(OFFERS_PER_S, seconds, offer)


async def messages(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    each = cycle(('{"type": "interrupt"}', "[" * 50_000, '{"type": "say", "text": "\\ud800"}', b"\xff" * 50_000))
    async with Caller(client, (Tone(),)) as caller:
        await caller.call()

        async def send() -> None:
            if caller.channel.readyState == "open" and caller.channel.bufferedAmount < 1_000_000:
                caller.send(next(each))

        await repeat(10_000, seconds, send)


async def endless_message(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    async with Caller(client, (Tone(),)) as caller:
        await caller.call()
        caller.channel.transport._remote_max_message_size = None
        caller.send("x" * LONG_MESSAGE)
        await asyncio.sleep(seconds)


async def microphone(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    async with Caller(client, (Unpaced(),)) as caller:
        await caller.call()
        await asyncio.sleep(seconds)


async def camera(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    async with Caller(client, (Tone(), LargeCamera())) as caller:
        await caller.call()
        await asyncio.sleep(seconds)


async def files(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    async with Caller(client, (Tone(),)) as caller:
        await caller.call()
        picture, numbers = wide_picture(), iter(range(1, 10_000))

        async def show() -> None:
            headers = {"omnilive-call": str(caller.answer["resume"])}
            where = f"/call/{caller.session}/show/{next(numbers)}"
            with suppress(httpx.HTTPError):
                await client.post(where, params={"name": "wide.png"}, headers=headers, content=picture)

        await repeat(SAYS_PER_S, seconds, show)


async def replies(client: httpx.AsyncClient, seconds: float, _sockets: Sockets) -> None:
    """Asks a server whose chat server is hostile."""
    async with Caller(client, (Tone(),)) as caller:
        await caller.call()
        caller.send({"type": "switch", "microphone": False})

        async def say() -> None:
            caller.send({"type": "say", "text": "Tell me a story about a wooden boat."})

        await repeat(SAYS_PER_S, seconds, say)


WAYS = {
    way.__name__: way
    for way in (datagrams, half_open, requests, offers, messages, endless_message, microphone, camera, files, replies)
}


async def attack(way: str, url: str, seconds: float, sockets: Sockets) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=15) as client:
        await WAYS[way](client, seconds, sockets)


async def serve() -> None:
    """A chat server that is hostile in another way each time it is asked."""
    async with hostile_server() as hostile:
        print(hostile.url, flush=True)
        for hostile.way in cycle(REPLIES):
            await asyncio.sleep(1 / SAYS_PER_S)


def main() -> None:
    if sys.argv[1] == "serve":
        asyncio.run(serve())
        return
    way, url, seconds, *sockets = sys.argv[1:]
    pairs = [(host, int(port)) for host, _, port in (each.rpartition(":") for each in sockets)]
    asyncio.run(attack(way, url, float(seconds), pairs))


if __name__ == "__main__":
    main()
