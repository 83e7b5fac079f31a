"""The media sockets of real calls are bound to the server's addresses."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Coroutine
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.ui.caller import Caller, house, peer_connection
from tests.ui.strangers import goes_on, media_sockets
from tests.ui.tracks import Tone
from ui.host.address import LOOPBACK, listen, machine_addresses, media_hosts


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def bound_by_this_process() -> set[tuple[str, int]]:
    """The address and port of every UDP socket of this process."""
    links = [Path("/proc/self/fd", fd) for fd in os.listdir("/proc/self/fd")]
    ours = {os.readlink(link) for link in links if link.is_symlink()}
    found = set()
    for table in map(Path, ("/proc/self/net/udp", "/proc/self/net/udp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if f"socket:[{fields[9]}]" in ours:
                host, port = fields[1].split(":")
                words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]  # each in host byte order
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
def test_firefox_reaches_a_loopback_server_at_an_address_closed_to_other_machines(tmp_path: Path) -> None:
    """Its ICE never pairs an address with a loopback one."""

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            offer = (await caller.offer()).replace("o=- ", "o=mozilla...THIS_IS_SDPARTA-99.0 ", 1)
            await caller.accept(await server.client.post("/call", json={"sdp": offer, "type": "offer"}))
            await goes_on(server, caller, "an offer of Firefox's")
            bound = {address for address, _ in media_sockets(caller)}
            assert bound == {*LOOPBACK, *machine_addresses()}
            [running] = server.calls._running.values()
            [transport] = peer_connection(running.call)._transports()
            for protocol in transport.transport._connection._protocols:
                assert protocol.transport.get_protocol()._sources == bound

    run(story())


def test_only_a_server_for_every_address_takes_media_on_every_address() -> None:
    expected = {"0.0.0.0": None, "127.0.0.1": LOOPBACK, "localhost": LOOPBACK}
    for host, hosts in {**expected, **{address: (address,) for address in machine_addresses()}}.items():
        listening, _ = listen(host, 0)
        with listening:
            assert media_hosts(listening) == hosts
