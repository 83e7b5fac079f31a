"""What strangers may send to a call, and whether it goes on all the same."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from itertools import count

import pytest

from tests.ui.caller import Caller, House
from ui.rtc.ice_gate import LARGEST

SEED = bytes(range(251))
TIMES = count(1)


def noise(length: int) -> bytes:
    return (SEED * (length // len(SEED) + 1))[:length]


def stun(attributes: bytes) -> bytes:
    return struct.pack("!HHI12s", 1, len(attributes), 0x2112A442, noise(12)) + attributes


DATAGRAMS = {
    "nothing": b"",
    "one byte": b"\x80",
    "short RTP": b"\x80\x60" + noise(170),
    "2,000 bytes like RTP": b"\x80\x60" + noise(1998),
    "60,000 bytes like RTCP": b"\x80\xc8" + noise(59_998),
    "as much as UDP carries": b"\x80" + noise(65_506),
    "RTP one byte too long": b"\x80\x60" + noise(LARGEST - 1),
    "RTP as long as can be": b"\x80\x60" + noise(LARGEST - 2),
    "short RTCP": b"\x81\xc8\x00\x06" + noise(8),
    "DTLS record": b"\x16\xfe\xfd" + noise(200),
    "DTLS alert": bytes.fromhex("15fefd000000000000000000020100"),
    "long DTLS record": b"\x17\xfe\xfd" + noise(LARGEST - 3),
    "STUN without a header": b"\x00\x01" + noise(60),
    "STUN that lies about its length": struct.pack("!HHI12s", 1, 400, 0x2112A442, noise(12)),
    "STUN with a short attribute": stun(struct.pack("!HH", 0x24, 1) + b"\x01\x00\x00\x00"),
    "STUN with a strange user": stun(struct.pack("!HH", 6, 4) + b"\xff\xfe\xfd\xfc"),
    "TURN channel data": b"\x40\x00\x00\x08" + noise(8),
}


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - other people's state has nothing to await
            await asyncio.sleep(0.01)


def media_sockets(caller: Caller) -> list[tuple[str, int]]:
    """Where the server said that media can be sent to."""
    found = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) ", caller.connection.remoteDescription.sdp)
    assert found
    return list({(host, int(port)) for host, port in found})


async def goes_on(server: House, caller: Caller, what: str) -> None:
    """Sound passes both ways from now on, and a ping is answered."""
    [session] = [session for session in server.sessions if session.name == caller.session]
    hears, sounds, ping = len(session.heard()) + 3200, len(caller.sound) + 10, next(TIMES)
    caller.send({"type": "ping", "t": ping})
    try:
        await until(lambda: len(session.heard()) > hears and len(caller.sound) > sounds)
        await until(lambda: {"type": "pong", "t": ping}.items() <= caller.messages[-1].items())
    except TimeoutError:
        pytest.fail(f"after {what} the call did not go on ({session.reason or 'it stood still'})")
    assert not session.closed.is_set()


def send_to(sockets: list[tuple[str, int]], data: bytes) -> None:
    """One datagram to each, from a socket that no call knows."""
    for host, port in sockets:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(data, (host, port))
