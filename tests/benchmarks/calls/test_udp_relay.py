"""The relay loses, doubles, delays and holds up datagrams as it is set, in both directions."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.calls.udp_relay import Network, UdpRelay

SENT, AT_ONCE = 400, 40
LATEST_S = 20.0


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that returns every datagram; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        ending = threading.Event()

        def answer() -> None:
            while not ending.is_set():
                try:
                    data, client = server.recvfrom(2000)
                except TimeoutError:
                    continue
                server.sendto(data, client)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        ending.set()
        thread.join()


def echoed(network: Network, port: int, expected: int = 0) -> list[int]:
    """The numbers that come back of SENT datagrams, in order of arrival; few are under way at a time.

    Waits up to LATEST_S for the first `expected`: on a busy machine the relay may not run for a while.
    """
    relay, received = UdpRelay(network, seed=1), list[int]()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            target = ("127.0.0.1", relay.port_for("127.0.0.1", port))
            for number in range(SENT):
                client.sendto(number.to_bytes(2, "big"), target)
                if number % AT_ONCE == AT_ONCE - 1:
                    received += arrived(client)
            waits_until = time.monotonic() + LATEST_S
            while len(received) < expected and time.monotonic() < waits_until:
                received += arrived(client)
    finally:
        relay.close()
    return received


def arrived(client: socket.socket) -> list[int]:
    """What comes until nothing has come for a moment."""
    client.settimeout(0.3)
    numbers = []
    while True:
        try:
            numbers.append(int.from_bytes(client.recv(2000), "big"))
        except TimeoutError:
            return numbers


def test_a_good_network_changes_nothing(echo: int) -> None:
    assert echoed(Network(), echo, SENT) == list(range(SENT))


def test_losses_happen_in_both_directions(echo: int) -> None:
    assert len(echoed(Network(loss=0.2), echo)) == pytest.approx(SENT * 0.8 * 0.8, abs=50)


def test_duplicates_come_back_up_to_four_times(echo: int) -> None:
    assert len(echoed(Network(duplicates=1.0), echo, 4 * SENT)) == 4 * SENT


def test_jitter_changes_the_order_and_loses_nothing(echo: int) -> None:
    received = echoed(Network(jitter_s=0.05), echo, SENT)
    assert sorted(received) == list(range(SENT)) and received != sorted(received)


def test_nothing_passes_in_the_dark(echo: int) -> None:
    network = Network(dark=True)
    assert echoed(network, echo) == []
    assert (network.passed, network.lost) == (0, SENT)
