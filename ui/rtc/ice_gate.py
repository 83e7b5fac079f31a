"""Guards a call's media sockets: chooses the addresses to bind, and filters datagrams before DTLS and SRTP.

aioice binds every address of the machine and delivers datagrams from every sender; aiortc ends the call after a
datagram that is empty or larger than the buffer of pylibsrtp. The gate passes STUN, which the passwords of offer and
answer authenticate, and otherwise only datagrams from an address with a successful connectivity check: the nominated
pair, and pairs to which a browser may switch. It replaces four private parts of the libraries, whose versions
ui/rtc/webrtc.py checks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCDtlsTransport

from ui.host.allowance import Allowance
from ui.host.log_limits import LogLimit
from ui.rtc.consent import keep_consent

log = logging.getLogger(__name__)
log.addFilter(LogLimit())

LARGEST = 1500  # bytes: an Ethernet packet, and the buffer of pylibsrtp; browsers send at most about 1,200
MOST_WAITING = 1000  # datagrams: a second of the most that a call sends
MOST_PER_S = 800  # datagrams of one call; a page with a camera sends about 200
FIRST_BYTES_OF_STUN, FIRST_BYTES_OF_DTLS = range(4), range(20, 64)  # RFC 7983, section 7
MOST_EARLY = 8  # datagrams of handshakes that arrive before the connectivity check of their sender has succeeded
EARLY_EVERY_S, EARLY_FOR_S = 0.05, 2.0

Deliver = Callable[[bytes, int], None]


class Gate(asyncio.DatagramProtocol):
    """Filters the datagrams of one socket of aioice. `deliver` takes those for DTLS and SRTP.

    `sources` are the only accepted IP addresses; None accepts all. `allowance` is shared by the sockets of a call.
    """

    def __init__(
        self,
        ice: Connection,
        stun: StunProtocol,
        deliver: Deliver,
        sources: frozenset[str] | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self._ice, self._stun, self._deliver, self._sources = ice, stun, deliver, sources
        self._allowance = allowance or Allowance(MOST_PER_S, MOST_PER_S)
        self._loop = asyncio.get_running_loop()
        self._early: deque[tuple[float, bytes, tuple[Any, ...]]] = deque(maxlen=MOST_EARLY)

    def connection_lost(self, error: Exception | None) -> None:
        self._stun.connection_lost(error)

    def error_received(self, error: Exception) -> None:
        self._stun.error_received(error)

    def datagram_received(self, data: bytes, source: tuple[Any, ...]) -> None:
        if not 0 < len(data) <= LARGEST:
            log.info("A datagram of %d bytes from %s was dropped: its size is invalid.", len(data), source[0])
        elif self._sources is not None and source[0] not in self._sources:
            log.info("A datagram from another machine was dropped: %s.", source[0])
        elif data[0] in FIRST_BYTES_OF_STUN:
            self._take_stun(data, source)
        elif not self._checked((source[0], source[1])):
            if (
                data[0] in FIRST_BYTES_OF_DTLS
                and self._ice._nominated.get(self._stun.local_candidate.component) is None
            ):
                self._keep(data, source)
                return
            log.info("A datagram from an address outside the call was dropped: %s.", source[0])
        elif self._ice._queue.qsize() >= MOST_WAITING or not self._allowance.take(self._loop.time()):
            log.warning("Datagrams arrive faster than they can be read, and are dropped.")
        else:
            self._deliver(data, self._stun.local_candidate.component)

    def _is_early(self, data: bytes, source: tuple[Any, ...]) -> bool:
        """Whether this may be the handshake of the browser, whose connectivity check has not succeeded yet."""
        offered = any((each.host, each.port) == source[:2] for each in self._ice.remote_candidates)
        return data[0] in FIRST_BYTES_OF_DTLS and offered

    def _keep(self, data: bytes, source: tuple[Any, ...]) -> None:
        """Keeps the beginning of a handshake for a moment: not every sender repeats it."""
        if not self._early:
            self._loop.call_later(EARLY_EVERY_S, self._retry)
        self._early.append((self._loop.time() + EARLY_FOR_S, data, source))

    def _retry(self) -> None:
        """Delivers what is kept and now comes from a checked address."""
        kept, self._early = self._early, deque(maxlen=MOST_EARLY)
        for until, data, source in kept:
            if self._checked((source[0], source[1])):
                self.datagram_received(data, source)
            elif self._loop.time() < until:
                self._early.append((until, data, source))
        if self._early:
            self._loop.call_later(EARLY_EVERY_S, self._retry)

    def _take_stun(self, data: bytes, source: tuple[Any, ...]) -> None:
        try:
            self._stun.datagram_received(data, source)
        except Exception as error:  # its parser raises exceptions of many kinds
            log.info("A STUN packet from %s could not be read: %r", source[0], error)

    def _checked(self, source: tuple[str, int]) -> bool:
        """Whether a connectivity check between this socket and `source` has succeeded."""
        nominated = self._ice._nominated.get(self._stun.local_candidate.component)
        if nominated is not None and nominated.protocol is self._stun and nominated.remote_addr == source:
            return True
        return any(
            pair.protocol is self._stun and pair.state is CandidatePair.State.SUCCEEDED and pair.remote_addr == source
            for pair in self._ice._check_list
        )


def guard(
    transport: RTCDtlsTransport, hosts: Sequence[str] | None = None, sources: frozenset[str] | None = None
) -> None:
    """Puts gates before `transport`; to be called before its candidates are gathered.

    `hosts` are the only local addresses to bind, `sources` the only accepted senders; None for all.
    """
    guard_connection(transport.transport._connection, hosts, sources)
    _survive(transport)


def guard_connection(ice: Connection, hosts: Sequence[str] | None, sources: frozenset[str] | None) -> None:
    """As `guard`, for one connection of a transport."""
    gather, deliver = ice.get_component_candidates, ice.data_received
    allowance = Allowance(MOST_PER_S, MOST_PER_S)

    async def gather_behind_gates(component: int, addresses: list[str]) -> list[Candidate]:
        bound = addresses if hosts is None else list(hosts)
        candidates: list[Candidate] = await gather(component=component, addresses=bound)
        for protocol in ice._protocols:
            protocol.transport.set_protocol(
                Gate(ice=ice, stun=protocol, deliver=deliver, sources=sources, allowance=allowance)
            )
        return candidates

    def drop(data: bytes, component: int) -> None:
        """Replaces aioice's own delivery: of packets before a gate exists, and of unreadable STUN."""

    setattr(ice, "get_component_candidates", gather_behind_gates)  # noqa: B010 - mypy refuses methods of instances
    setattr(ice, "data_received", drop)  # noqa: B010
    setattr(ice, "query_consent", partial(keep_consent, ice))  # noqa: B010


def _survive(transport: RTCDtlsTransport) -> None:
    """Drops a datagram that raises an error after the gate, where aiortc would end the call."""
    receive_next = transport._recv_next

    async def receive_next_or_drop() -> None:
        try:
            await receive_next()
        except ConnectionError:  # the end of the connection
            raise
        except Exception as error:
            log.warning("A datagram of a call could not be processed: %r", error)
            await asyncio.sleep(0)  # other tasks run, even if every datagram fails at once

    setattr(transport, "_recv_next", receive_next_or_drop)  # noqa: B010
