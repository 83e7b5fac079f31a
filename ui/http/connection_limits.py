"""How many connections a server keeps, and how long it waits for their clients.

`Listener` takes the place of asyncio's own server, which counts nothing and at the limit of descriptors logs a
traceback for each of `backlog` attempts, again and again. A connection is either at work (an answer is computed), or
waits for its client: for the handshake, a request, the rest of a body, or until an answer is taken. Waiting has a
time limit, and where a new connection finds no place, the one that waits longest makes room. Knows no HTTP.
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
SHARE_OF_DESCRIPTORS = 4  # one in so many is for connections, the others are for calls and models
ACCEPTED_AT_ONCE = (
    4  # then the rest of the loop has its turn, so that in a flood a request is read before it is dropped
)
ACCEPT_RETRY_S = 1.0
IPV6_HOME = 64  # bits: the network that one IPv6 client has for itself


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections in total and from one address (loopback is not limited: a proxy there speaks for many), and
    seconds that a client has."""

    connections: int
    per_address: int
    handshake_s: float = 5.0
    request_s: float = 10.0  # until the headers are there, from the connection or from the answer before
    body_s: float = 10.0  # until all of a body is there, from its headers
    answer_s: float = 20.0  # to take each part of an answer


def limits_here() -> Limits:
    """What this process can afford with its limit of open files."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    share = MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else descriptors // SHARE_OF_DESCRIPTORS
    connections = max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, share))
    return Limits(connections, connections // 2)


def counted_as(host: str) -> str | None:
    """Whose connections are counted together: an IPv4 address, the network of an IPv6 one, nobody's on loopback."""
    address = ipaddress.ip_address(host.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, IPV6_HOME), strict=False))


class Connection:
    """One client of a Listener, for the server behind it: `wait` and `work` say whose turn it is."""

    def __init__(self, client: str | None, limits: Limits, on_end: Callable[[Connection], None]) -> None:
        self.client, self.limits = client, limits  # client: None where its address is not limited
        self.requests = 0  # in progress
        self.waits_since: float | None = None
        self._on_end, self._over = on_end, False
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._transport: asyncio.BaseTransport | None = None

    def wait(self, within_s: float) -> None:
        """It is the client's turn: the connection ends unless `work` or another `wait` follows in time."""
        self.work()
        if self._over:
            return
        loop = asyncio.get_running_loop()
        self.waits_since, self._timer = loop.time(), loop.call_later(within_s, self.drop)

    def work(self) -> None:
        """It is our turn: no time limit, and no other connection takes the place."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.waits_since = None

    @contextmanager
    def waiting(self, within_s: float) -> Iterator[None]:
        """The client's turn for the length of a block, then ours."""
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
        """Ends it at once, whatever is still to be sent."""
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
    """The server's protocol, and a Connection that learns when it opened and ended.

    A protocol that the server puts in its place (a WebSocket's) ends unobserved: the time limit of the `wait` behind
    its request frees the place.
    """

    def __init__(self, connection: Connection, protocol: asyncio.Protocol) -> None:
        self._connection, self._protocol = connection, protocol
        self.data_received = protocol.data_received  # type: ignore[method-assign]
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection.opened(transport)
        self._protocol.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connection.ended()
        self._protocol.connection_lost(error)


class Listener:
    """Accepts on `listening` (not blocking) from its making until `close`, on the running loop.

    `protocol_for` makes the server's protocol of a connection; with `encryption` it speaks behind TLS. `counted_as`
    names whose connections are counted together, None for an address that is not limited.
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
        """Connections that are open."""
        return len(self._connections)

    def close(self) -> None:
        """Accepts no more; the connections stay."""
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
                client, place = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # descriptors or memory are used up
                self._accept_later(error)
                return
            client.setblocking(False)
            self._take(client, self._counted_as(place[0]))

    def _accept_later(self, error: OSError) -> None:
        """Clients stay in the system's queue meanwhile; to go on asking would take the whole processor."""
        log.warning("no connection can be accepted (%s): raise the limit of open files (ulimit -n)", error.strerror)
        self._make_room(list(self._connections))
        self._loop.remove_reader(self._listening)
        self._retry = self._loop.call_later(ACCEPT_RETRY_S, self._listen)

    def _take(self, sock: socket.socket, client: str | None) -> None:
        neighbours = [each for each in self._connections if client is not None and each.client == client]
        crowded = len(neighbours) >= self._limits.per_address
        if crowded or len(self._connections) >= self._limits.connections:
            log.warning(
                "%d connections are open, %d of them from the newest one's address: those that wait longest are "
                "closed; raise the limit of open files (ulimit -n) if this is no attack",
                len(self._connections),
                len(neighbours),
            )
            if not self._make_room(neighbours if crowded else list(self._connections)):
                sock.close()
                return
        connection = Connection(client, self._limits, lambda ended: self._connections.pop(ended, None))
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
        except OSError as error:  # no TLS, a certificate that is not trusted, or gone again
            log.debug("a connection could not be opened: %s", error)
            connection.ended()

    @staticmethod
    def _make_room(among: list[Connection]) -> bool:
        """Whether one of `among` waited for its client, and was dropped: the one that did so longest."""
        waiting = [each for each in among if each.waits_since is not None]
        if waiting:
            min(waiting, key=lambda each: each.waits_since or 0.0).drop()
        return bool(waiting)
