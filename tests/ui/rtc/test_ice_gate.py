"""Datagrams from outside a call, sent to the sockets of real calls, change nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol

from tests.ui.caller import Caller, house, peer_connection
from tests.ui.strangers import DATAGRAMS, goes_on, media_sockets, noise, send_to
from tests.ui.tracks import Tone
from ui.host.allowance import Allowance
from ui.rtc.ice_gate import MOST_EARLY, MOST_PER_S, MOST_WAITING, Gate


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def send_as_a_stranger(caller: Caller, data: bytes) -> None:
    send_to(media_sockets(caller), data)


def send_from_the_callers_socket(caller: Caller, data: bytes) -> None:
    """With the caller's address as a forged source."""
    ice = caller.connection.getTransceivers()[0].receiver.transport.transport._connection
    [pair] = ice._nominated.values()
    with socket.socket(fileno=os.dup(pair.protocol.transport.get_extra_info("socket").fileno())) as theirs:
        theirs.sendto(data, pair.remote_addr)


@pytest.mark.parametrize("send", [send_as_a_stranger, send_from_the_callers_socket])
def test_no_datagram_ends_a_call_or_another_one(
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


def test_a_flood_of_odd_packets_is_a_few_log_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def test_an_error_behind_the_gate_loses_one_datagram(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """pylibsrtp raises ValueError for the second, and aiortc IndexError for the first."""

    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [running] = server.calls._running.values()
            [transport] = peer_connection(running.call)._transports()
            for what in ("nothing", "2,000 bytes like RTP", "60,000 bytes like RTCP"):
                transport.transport._connection._queue.put_nowait((DATAGRAMS[what], 1))
                await goes_on(server, caller, what)

    run(story())
    assert "Traceback" not in caplog.text
    assert [record.name for record in caplog.records if "not be processed" in record.message] == ["ui.rtc.ice_gate"]


def nominated_gate(allowance: Allowance) -> tuple[Connection, Gate]:
    """A gate whose nominated pair is 127.0.0.1:5000."""
    ice = Connection(ice_controlling=False)
    protocol = StunProtocol(ice)
    ours, theirs = (Candidate("1", 1, "udp", 1, "127.0.0.1", port, "host") for port in (4000, 5000))
    protocol.local_candidate = ours
    ice._nominated[1] = CandidatePair(protocol, theirs)
    return ice, Gate(ice, protocol, ice.data_received, allowance=allowance)


def test_waiting_datagrams_are_bounded() -> None:
    async def story() -> None:
        ice, gate = nominated_gate(Allowance(1e9, 1e9))
        for _ in range(2 * MOST_WAITING):
            gate.datagram_received(b"\x80\x60" + noise(100), ("127.0.0.1", 5000))
        assert ice._queue.qsize() == MOST_WAITING

    run(story())


def test_the_datagrams_of_a_call_have_a_rate_and_strangers_use_up_none_of_it() -> None:
    assert MOST_PER_S == 800

    async def story() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        ice, gate = nominated_gate(Allowance(10, 100))
        for port in (6000, 5000):
            for _ in range(900):
                gate.datagram_received(b"\x80\x60" + noise(100), ("127.0.0.1", port))
        assert 100 <= ice._queue.qsize() <= 101 + 10 * (loop.time() - began)

    run(story())


def test_a_handshake_that_begins_before_the_check_has_succeeded_is_kept_for_a_moment() -> None:
    async def story() -> None:
        ice, gate = nominated_gate(Allowance(100, 100))
        pair = ice._nominated.pop(1)
        ice._remote_candidates = [pair.remote_candidate]
        hello, source = b"\x16\xfe\xfd" + noise(100), ("127.0.0.1", 5000)
        for _ in range(100):
            gate.datagram_received(hello, source)
            gate.datagram_received(b"\x80\x60" + noise(100), source)
        assert ice._queue.qsize() == 0
        ice._nominated[1] = pair
        async with asyncio.timeout(5):
            await ice._queue.get()
        await asyncio.sleep(0.2)
        assert ice._queue.qsize() == MOST_EARLY - 1

    run(story())
