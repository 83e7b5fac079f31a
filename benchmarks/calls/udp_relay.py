"""A relay between a browser and a WebRTC server that behaves like a bad network, in both directions.

Each address of the server gets a port of the relay. A datagram is lost, doubled or delayed at random; while `dark`, all
are lost. Runs on a thread with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from random import Random
from typing import Any

Address = tuple[str, int]

MOST_CLIENTS = 64  # of one port: a browser has a few


@dataclass
class Network:
    """What the relay does to each datagram; may be changed at any time. `jitter_s` is the most of a random delay, which
    also changes the order."""

    loss: float = 0.0
    jitter_s: float = 0.0
    duplicates: float = 0.0
    dark: bool = False
    passed: int = 0
    lost: int = 0


class UdpRelay:
    """Ports on loopback that lead to addresses of a server. `port_for` may be called from any thread."""

    def __init__(self, network: Network, seed: int = 0) -> None:
        self.network, self._random = network, Random(seed)
        self._ports: dict[Address, int] = {}
        self.dead = frozenset[Address]()  # addresses of the server that no port leads to any more
        self._transports: list[asyncio.DatagramTransport] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()

    def port_for(self, host: str, port: int) -> int:
        """The port of the relay on 127.0.0.1 that stands for the server's address."""
        return asyncio.run_coroutine_threadsafe(self._open((host, port)), self._loop).result(5)

    def change_path(self) -> None:
        """All ports so far lead nowhere any more, as after a change of the network; those of new addresses work."""
        self.dead = frozenset(self._ports)

    def close(self) -> None:
        def stop() -> None:
            for transport in self._transports:
                transport.close()
            self._loop.stop()

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(5)

    async def _open(self, server: Address) -> int:
        if server not in self._ports:
            transport, _protocol = await self._loop.create_datagram_endpoint(
                lambda: _Front(self, server), local_addr=("127.0.0.1", 0)
            )
            self._transports.append(transport)
            self._ports[server] = int(transport.get_extra_info("sockname")[1])
        return self._ports[server]

    def transmit(
        self, transport: asyncio.DatagramTransport, data: bytes, target: Address | None, server: Address
    ) -> None:
        """Sends a datagram from or to an address of the server, as the network allows."""
        network, chance = self.network, self._random.random
        if network.dark or server in self.dead or chance() < network.loss:
            network.lost += 1
            return
        network.passed += 1
        for _ in range(2 if chance() < network.duplicates else 1):
            delay_s = chance() * network.jitter_s
            if delay_s:
                self._loop.call_later(delay_s, _send, transport, data, target)
            else:
                _send(transport, data, target)

    async def connect(self, front: _Front, client: Address, server: Address) -> asyncio.DatagramTransport:
        """A socket towards the server for one address of the browser."""
        transport, _protocol = await self._loop.create_datagram_endpoint(
            lambda: _Back(self, front, client, server), remote_addr=server
        )
        self._transports.append(transport)
        return transport


class _Front(asyncio.DatagramProtocol):
    """The side of the browser."""

    def __init__(self, relay: UdpRelay, server: Address) -> None:
        self._relay, self._server = relay, server
        self._clients: dict[Address, asyncio.Task[asyncio.DatagramTransport]] = {}
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, client: Address) -> None:
        if client not in self._clients:
            if len(self._clients) >= MOST_CLIENTS:
                return
            connecting = self._relay.connect(self, client, self._server)
            self._clients[client] = asyncio.get_running_loop().create_task(connecting)
        self._clients[client].add_done_callback(
            lambda task: self._relay.transmit(task.result(), data, None, self._server)
        )


class _Back(asyncio.DatagramProtocol):
    """The side of the server, for one address of the browser."""

    def __init__(self, relay: UdpRelay, front: _Front, client: Address, server: Address) -> None:
        self._relay, self._front, self._client, self._server = relay, front, client, server

    def datagram_received(self, data: bytes, _source: Address) -> None:
        self._relay.transmit(self._front.transport, data, self._client, self._server)


def _send(transport: asyncio.DatagramTransport, data: bytes, target: Address | None) -> None:
    if not transport.is_closing():
        transport.sendto(data, target)
