"""A listener limits the number of connections and their waiting time, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ui.host.address import listen
from ui.http.certificate import certificate_for
from ui.http.connection_limits import Connection, Limits, Listener, counted_as, limits_here

ROOT = Path(__file__).parents[3]
LIMITS = Limits(connections=4, per_address=4, handshake_s=0.3, request_s=0.3)
PATIENT = Limits(connections=4, per_address=4, request_s=60.0)


class Echo(asyncio.Protocol):
    """Echoes data, and works for ever on `work`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data == b"work":
            self.connection.work()
        self.transport.write(data)


@asynccontextmanager
async def listener(
    limits: Limits,
    encryption: ssl.SSLContext | None = None,
    counted: Callable[[str], str | None] = counted_as,
) -> AsyncIterator[tuple[Listener, int]]:
    listening, address = listen("127.0.0.1", 0)
    with listening:
        made = Listener(listening, Echo, limits, encryption, counted)
        try:
            yield made, address.port
        finally:
            made.close()
            made.drop_all()


Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connected(port: int, source: str = "127.0.0.1") -> Client:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def echoes(client: Client, said: bytes = b"hello") -> bool:
    """Whether the client gets an answer; False if it was closed."""
    reader, writer = client
    try:
        writer.write(said)
        return bool(await asyncio.wait_for(reader.read(100), 5))
    except ConnectionError:
        return False


async def closed_within(client: Client, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(client[0].read(), seconds) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_the_longest_waiting_connection_is_closed_for_a_new_one() -> None:
    async def story() -> None:
        async with listener(PATIENT) as (made, port):
            clients = []
            for _ in range(6):
                clients.append(await connected(port))
                assert await echoes(clients[-1])
            assert [await closed_within(client, 0.3) for client in clients] == [True] * 2 + [False] * 4
            assert len(made) == 4

    asyncio.run(story())


def test_working_connections_stay_and_when_all_work_a_new_one_is_refused() -> None:
    async def story() -> None:
        async with listener(PATIENT) as (made, port):
            working = [await connected(port) for _ in range(4)]
            for client in working:
                assert await echoes(client, b"work")
            refused = await connected(port)
            assert await closed_within(refused, 5)
            assert len(made) == 4
            assert all([await echoes(client) for client in working])
            working[0][1].close()
            await working[0][1].wait_closed()
            await asyncio.sleep(0.1)
            assert await echoes(await connected(port))

    asyncio.run(story())


def test_one_address_cannot_take_the_connections_of_others() -> None:
    async def story() -> None:
        limits = Limits(connections=8, per_address=2, request_s=60.0)
        async with listener(limits, counted=lambda host: host) as (made, port):
            neighbour = await connected(port, "127.0.0.2")
            assert await echoes(neighbour)
            greedy = [await connected(port) for _ in range(20)]
            assert await echoes(greedy[-1])
            assert len(made) == 3
            assert await echoes(neighbour)

    asyncio.run(story())


def test_a_silent_client_is_closed_at_the_time_limit() -> None:
    async def story() -> None:
        async with listener(LIMITS) as (made, port):
            began = time.perf_counter()
            assert await closed_within(await connected(port), 5)
            assert 0.2 < time.perf_counter() - began < 3
            assert len(made) == 0

    asyncio.run(story())


def test_a_half_open_tls_handshake_is_closed_and_a_complete_one_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = certificate_for(["127.0.0.1"], tmp_path)
    encryption = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    encryption.load_cert_chain(made.certificate, made.key)
    trusting = ssl.create_default_context(cafile=str(made.certificate))
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
    limits = Limits(connections=4, per_address=4, handshake_s=0.5, request_s=60.0)

    async def story() -> None:
        async with listener(limits, encryption) as (server, port):
            silent = [await connected(port) for _ in range(3)]
            silent[1][1].write(b"\x16\x03\x01")  # the beginning of a handshake
            plain = await connected(port)
            plain[1].write(b"GET / HTTP/1.1\r\n\r\n")
            assert not await echoes((plain[0], plain[1]), b"\r\n")
            speaking = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            assert await echoes(speaking)
            assert all([await closed_within(client, 5) for client in silent])
            assert await echoes(speaking)
            assert len(server) == 1

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert not caplog.records


FLOODED = """
import asyncio, resource, sys, time
from tests.ui.http.test_connection_limits import Echo
from ui.host.address import listen
from ui.http.connection_limits import Limits, Listener
import logging
logging.basicConfig(level=logging.WARNING)

async def main():
    listening, address = listen("127.0.0.1", 0)
    listener = Listener(listening, Echo, Limits(1000, 1000, request_s=60.0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    print(address.port, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(time.process_time(), flush=True)
    await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


def test_without_descriptors_it_waits_instead_of_spinning() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FLOODED],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        async def story(port: int) -> float:
            clients = [await connected(port) for _ in range(100)]
            await asyncio.sleep(2.5)
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            spent = float(await asyncio.to_thread(process.stdout.readline))
            for _, writer in clients:
                writer.close()
            assert await echoes(await connected(port))
            return spent

        try:
            assert process.stdout is not None
            spent = asyncio.run(story(int(process.stdout.readline())))
            _, log = process.communicate("\n", timeout=10)
        finally:
            process.kill()
    assert spent < 2.0  # processor seconds with its start; spinning takes 2.5 more
    lines = log.splitlines()
    assert 1 <= len(lines) < 10
    assert all("Raise the limit of open files" in line for line in lines)


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("::ffff:127.0.0.1", None),
        ("::1", None),
    ],
)
def test_connections_are_counted_by_client(host: str, counted: str | None) -> None:
    assert counted_as(host) == counted


def test_most_descriptors_are_kept_for_calls() -> None:
    import resource

    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits = limits_here()
    assert 8 <= limits.connections <= max(8, min(256, descriptors // 4))
    assert limits.per_address < limits.connections
