"""Limits the number of connections of a server, and the time that it waits for their clients.

`Listener` replaces asyncio's server, which counts no connections and at the limit of descriptors logs a traceback for
each of `backlog` attempts, repeatedly. A connection either works (an answer is computed) or waits for its client: for
the handshake, a request, the rest of a body, or until an answer is received. Waiting has a time limit, and at the
limit of connections a new one closes the one that has waited longest. Independent of HTTP.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import resource
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 256
FEWEST_CONNECTIONS = 8
DESCRIPTORS_PER_CONNECTION = 4  # the others are for calls and models
ACCEPTED_AT_ONCE = (
    4  # then the event loop runs other work, so that in a flood requests are read before they are dropped
)
ACCEPT_RETRY_S = 1.0
IPV6_CLIENT_PREFIX = 64  # bits: the network of one IPv6 client


@dataclass(frozen=True, slots=True)
class Limits:
    """The most connections in total and from one address (loopback is exempt, since a proxy there serves many clients),
    and time limits of a client."""

    connections: int
    per_address: int
    handshake_s: float = 5.0
    request_s: float = 10.0  # until the headers are complete, from the connection or the previous answer
    body_s: float = 10.0  # until the body is complete, from its headers
    upload_s: float = 600.0  # the same, of a file that a page shows
    answer_s: float = 20.0  # to receive each part of an answer


def limits_here() -> Limits:
    """The limits that the process's limit of open files allows."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    share = MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else descriptors // DESCRIPTORS_PER_CONNECTION
    connections = max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, share))
    return Limits(connections, connections // 2)


def counted_as(host: str) -> str | None:
    """The key by which connections are counted: an IPv4 address, the /64 network of an IPv6 one, None on loopback."""
    address = ipaddress.ip_address(host.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return (
        str(address) if address.version == 4 else str(ipaddress.ip_network((address, IPV6_CLIENT_PREFIX), strict=False))
    )


class Connection:
    """One client of a Listener. The server behind it calls `wait` and `work` to set whose turn it is."""

    def __init__(self, client: str | None, limits: Limits, on_end: Callable[[Connection], None]) -> None:
        self.client, self.limits = client, limits  # client: None for an exempt address
        self.requests = 0  # in progress
        self.waits_since: float | None = None
        self._on_end, self._over = on_end, False
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._transport: asyncio.BaseTransport | None = None

    def wait(self, within_s: float) -> None:
        """The client's turn: the connection is dropped unless `work` or another `wait` follows within the time."""
        self.work()
        if self._over:
            return
        loop = asyncio.get_running_loop()
        self.waits_since, self._timer = loop.time(), loop.call_later(within_s, self.drop)

    def work(self) -> None:
        """The server's turn: no time limit, and no other connection replaces this one."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.waits_since = None

    @contextmanager
    def waiting(self, within_s: float) -> Iterator[None]:
        """The client's turn during the block, then the server's."""
        self.wait(within_s)
        try:
            yield
        finally:
            self.work()

    def opens_by(self, opening: asyncio.Task[None]) -> None:
        self._opening = opening

    def opened(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.wait(self.limits.request_s)

    def drop(self) -> None:
        """Ends the connection at once, without sending the rest."""
        self.ended()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def ended(self) -> None:
        self._over = True
        self.work()
        self._on_end(self)


class _Observed(asyncio.Protocol):
    """Wraps the server's protocol, and reports to a Connection when it opened and ended.

    The end of a protocol that replaces it (of a WebSocket) is not observed; the time limit of the `wait` after its
    request frees the connection.
    """

    def __init__(self, connection: Connection, protocol: asyncio.Protocol) -> None:
        self._connection, self._protocol = connection, protocol
        for name in ("data_received", "eof_received", "pause_writing", "resume_writing"):
            setattr(self, name, getattr(protocol, name))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.opened(transport)
        self._protocol.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connection.ended()
        self._protocol.connection_lost(error)


class Listener:
    """Accepts connections on `listening`, a non-blocking socket, on the running loop until `close`.

    `protocol_for` makes the server's protocol of a connection; `encryption` adds TLS. `counted_as` gives the key by
    which connections are counted, None for an exempt address.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol_for: Callable[[Connection], asyncio.Protocol],
        limits: Limits,
        encryption: ssl.SSLContext | None = None,
        counted_as: Callable[[str], str | None] = counted_as,
    ) -> None:
        self._counted_as = counted_as
        self._listening, self._protocol_for = listening, protocol_for
        self._limits, self._encryption = limits, encryption
        self._connections: dict[Connection, None] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._listen()

    def __len__(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    def close(self) -> None:
        """Stops accepting; open connections stay."""
        self._loop.remove_reader(self._listening)
        if self._retry is not None:
            self._retry.cancel()

    def drop_all(self) -> None:
        for connection in list(self._connections):
            connection.drop()

    def _listen(self) -> None:
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                client, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # descriptors or memory are used up
                self._accept_later(error)
                return
            client.setblocking(False)
            self._take(client, self._counted_as(address[0]))

    def _accept_later(self, error: OSError) -> None:
        """Pauses accepting, since repeated attempts would use a whole core. Clients wait in the system's queue."""
        log.warning("No connection can be accepted (%s). Raise the limit of open files (ulimit -n).", error.strerror)
        self._make_room(list(self._connections))
        self._loop.remove_reader(self._listening)
        self._retry = self._loop.call_later(ACCEPT_RETRY_S, self._listen)

    def _take(self, sock: socket.socket, client: str | None) -> None:
        neighbours = [each for each in self._connections if client is not None and each.client == client]
        crowded = len(neighbours) >= self._limits.per_address
        if crowded or len(self._connections) >= self._limits.connections:
            log.warning(
                "%d connections are open, %d of them from the newest one's address. The longest waiting are closed. "
                "Raise the limit of open files (ulimit -n) if this is not an attack.",
                len(self._connections),
                len(neighbours),
            )
            if not self._make_room(neighbours if crowded else list(self._connections)):
                sock.close()
                return
        connection = Connection(
            client=client, limits=self._limits, on_end=lambda ended: self._connections.pop(ended, None)
        )
        self._connections[connection] = None
        connection.wait(self._limits.handshake_s if self._encryption else self._limits.request_s)
        opening = self._loop.create_task(self._open(connection, sock), name="open a connection")
        connection.opens_by(opening)
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        opening.add_done_callback(lambda task: sock.close() if task.cancelled() else None)

    async def _open(self, connection: Connection, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(
                lambda: _Observed(connection, self._protocol_for(connection)),
                sock,
                ssl=self._encryption,
                ssl_handshake_timeout=self._limits.handshake_s if self._encryption else None,
                ssl_shutdown_timeout=self._limits.handshake_s if self._encryption else None,
            )
        except OSError as error:  # no TLS, a certificate that is not trusted, or already closed
            log.debug("a connection could not be opened: %s", error)
            connection.ended()

    @staticmethod
    def _make_room(among: list[Connection]) -> bool:
        """Drops the connection of `among` that has waited longest; False if none waits."""
        waiting = [each for each in among if each.waits_since is not None]
        if waiting:
            min(waiting, key=lambda each: each.waits_since or 0.0).drop()
        return bool(waiting)
