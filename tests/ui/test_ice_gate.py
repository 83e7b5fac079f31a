"""Datagrams that are no part of a call, sent to the sockets of real ones; and where those sockets are bound."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol

from tests.ui.caller import Caller, House, Tone, house
from ui.address import LOOPBACK, listen, machine_addresses, media_hosts
from ui.ice_gate import LARGEST, MOST_WAITING, Gate

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


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


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


def send_as_a_stranger(caller: Caller, data: bytes) -> None:
    send_to(media_sockets(caller), data)


def send_to(sockets: list[tuple[str, int]], data: bytes) -> None:
    """One datagram to each, from a socket that no call knows."""
    for host, port in sockets:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(data, (host, port))


def send_from_the_callers_socket(caller: Caller, data: bytes) -> None:
    """As somebody who writes the caller's address on his packets."""
    ice = caller.connection.getTransceivers()[0].receiver.transport.transport._connection
    [pair] = ice._nominated.values()
    with socket.socket(fileno=os.dup(pair.protocol.transport.get_extra_info("socket").fileno())) as theirs:
        theirs.sendto(data, pair.remote_addr)


@pytest.mark.parametrize("send", [send_as_a_stranger, send_from_the_callers_socket])
def test_no_datagram_ends_a_call_or_its_neighbour(
    tmp_path: Path, send: Callable[[Caller, bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with (
            house(tmp_path) as server,
            Caller(server.client, (Tone(),)) as caller,
            Caller(server.client, (Tone(),)) as neighbour,
        ):
            await caller.call()
            await neighbour.call()
            for what, data in DATAGRAMS.items():
                send(caller, data)
                await asyncio.gather(goes_on(server, caller, what), goes_on(server, neighbour, f"{what} beside it"))

    run(story())
    assert "Traceback" not in caplog.text


def test_a_datagram_during_the_handshake_ends_no_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            response = await caller.post()
            calling = asyncio.create_task(caller.accept(response))
            while not calling.done():
                if caller.connection.remoteDescription is not None:
                    for data in DATAGRAMS.values():
                        send_as_a_stranger(caller, data)
                await asyncio.sleep(0.002)
            await calling
            await goes_on(server, caller, "a handshake among strangers")

    run(story())


def test_a_flood_of_odd_packets_is_a_few_lines_of_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            for _ in range(100):
                for data in DATAGRAMS.values():
                    send_as_a_stranger(caller, data)
                await asyncio.sleep(0)
            await goes_on(server, caller, "a flood")

    run(story())
    assert len(caplog.records) < 40
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_what_breaks_behind_the_gate_is_one_lost_datagram(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """pylibsrtp raises ValueError over the second, and aiortc itself IndexError over the first."""

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [(call, _)] = server.service.front.calls._under_way.values()
            [transport] = call._connection._transports()
            for what in ("nothing", "2,000 bytes like RTP", "60,000 bytes like RTCP"):
                transport.transport._connection._queue.put_nowait((DATAGRAMS[what], 1))
                await goes_on(server, caller, what)

    run(story())
    assert "Traceback" not in caplog.text
    assert [record.name for record in caplog.records if "could not be taken" in record.message] == ["ui.ice_gate"]


def test_what_waits_to_be_read_is_bounded() -> None:
    async def story() -> None:
        ice = Connection(ice_controlling=False)
        protocol = StunProtocol(ice)
        ours, theirs = (Candidate("1", 1, "udp", 1, "127.0.0.1", port, "host") for port in (4000, 5000))
        protocol.local_candidate = ours
        ice._nominated[1] = CandidatePair(protocol, theirs)
        gate = Gate(ice, protocol, ice.data_received)
        for _ in range(2 * MOST_WAITING):
            gate.datagram_received(b"\x80\x60" + noise(100), ("127.0.0.1", 5000))
        assert ice._queue.qsize() == MOST_WAITING

    run(story())


def bound_by_this_process() -> set[tuple[str, int]]:
    """The address and port of every UDP socket of ours."""
    links = [Path("/proc/self/fd", fd) for fd in os.listdir("/proc/self/fd")]
    ours = {os.readlink(link) for link in links if link.is_symlink()}
    found = set()
    for table in map(Path, ("/proc/self/net/udp", "/proc/self/net/udp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if f"socket:[{fields[9]}]" in ours:
                host, port = fields[1].split(":")
                words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]  # each in this machine's order
                found.add((str(ip_address(struct.pack(f"={len(words)}I", *words))), int(port, 16)))
    return found


@pytest.mark.skipif(not Path("/proc/self/net/udp").exists(), reason="sockets are listed in /proc on Linux alone")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", *machine_addresses()[:1]])
def test_media_sockets_are_bound_where_the_server_listens(tmp_path: Path, host: str) -> None:
    expected = set(LOOPBACK) if host not in machine_addresses() else {host}

    async def story() -> None:
        async with house(tmp_path, host=host) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.offer()
            before = bound_by_this_process()
            await caller.call()
            bound = {address for address, _ in bound_by_this_process() - before}
            assert bound and bound <= expected
            assert {address for address, _ in media_sockets(caller)} == bound

    run(story())


@pytest.mark.skipif(not machine_addresses(), reason="this machine has no address but loopback")
def test_firefox_reaches_a_loopback_server_at_an_address_that_hears_this_machine_alone(tmp_path: Path) -> None:
    """Its ICE never pairs an address with a loopback one."""

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            offer = (await caller.offer()).replace("o=- ", "o=mozilla...THIS_IS_SDPARTA-99.0 ", 1)
            await caller.accept(await server.client.post("/call", json={"sdp": offer, "type": "offer"}))
            await goes_on(server, caller, "an offer of Firefox's")
            bound = {address for address, _ in media_sockets(caller)}
            assert bound == {*LOOPBACK, *machine_addresses()}
            [(call, _)] = server.service.front.calls._under_way.values()
            [transport] = call._connection._transports()
            for protocol in transport.transport._connection._protocols:
                assert protocol.transport.get_protocol()._sources == bound

    run(story())


def test_another_machine_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        ice = Connection(ice_controlling=False)
        protocol = StunProtocol(ice)
        ours, theirs = (Candidate("1", 1, "udp", 1, "192.0.2.7", port, "host") for port in (4000, 5000))
        protocol.local_candidate = ours
        ice._nominated[1] = CandidatePair(protocol, theirs)
        datagram = b"\x80\x60" + noise(100)
        for sources, heard in ((frozenset(LOOPBACK), 0), (frozenset({"192.0.2.7"}), 1), (None, 2)):
            Gate(ice, protocol, ice.data_received, sources).datagram_received(datagram, ("192.0.2.7", 5000))
            assert ice._queue.qsize() == heard
        Gate(ice, protocol, ice.data_received, frozenset(LOOPBACK)).datagram_received(stun(b""), ("192.0.2.9", 1))

    run(story())
    assert caplog.messages == ["a datagram from another machine was dropped: 192.0.2.7"]


def test_only_a_server_for_every_address_takes_media_on_every_address() -> None:
    expected = {"0.0.0.0": None, "127.0.0.1": LOOPBACK, "localhost": LOOPBACK}
    for host, hosts in {**expected, **{address: (address,) for address in machine_addresses()}}.items():
        listening, _ = listen(host, 0)
        with listening:
            assert media_hosts(listening) == hosts


def test_a_channel_that_closes_ends_the_call_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            caller.channel.close()
            await until(lambda: server.service.front.calls.places.taken == 0, 3.0)
            assert server.sessions[0].reason == "the connection was lost"

    run(story())


@pytest.mark.parametrize("library", ["aiortc", "aioice"])
def test_another_version_of_the_libraries_is_refused_even_where_asserts_are_off(library: str) -> None:
    code = f"import {library}; {library}.__version__ = '99.0'; import ui.webrtc"
    tried = subprocess.run([sys.executable, "-O", "-c", code], check=False, capture_output=True, text=True)
    assert tried.returncode == 1
    assert f"ImportError: aiortc {'99.0' if library == 'aiortc' else ''}" in tried.stderr
    assert "constraints.txt" in tried.stderr
