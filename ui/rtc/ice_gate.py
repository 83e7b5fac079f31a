"""The gate of a call's media sockets: where they are bound, and which datagrams reach DTLS and SRTP.

aioice binds every address of the machine and hands on whatever arrives, whoever sent it; aiortc ends the call over a
datagram that is empty or larger than the buffer of pylibsrtp. The gate lets through STUN, which is authenticated by
the password of the offer and the answer, and then only what comes from an address that has passed such a check: the
nominated pair, and those a browser may move to without asking again. It replaces three private parts of the
libraries, whose versions ui/rtc/webrtc.py checks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCDtlsTransport

from ui.host.log_limits import LogLimit

log = logging.getLogger(__name__)
log.addFilter(LogLimit())

LARGEST = 1500  # bytes: an Ethernet packet, and the buffer of pylibsrtp; browsers send at most 1,200 or so
MOST_WAITING = 1000  # datagrams: a second of the most that a call sends
FIRST_BYTES_OF_STUN = range(4)  # RFC 7983, section 7

Deliver = Callable[[bytes, int], None]


class Gate(asyncio.DatagramProtocol):
    """Stands between one socket and aioice. `deliver` takes what may reach DTLS and SRTP.

    `sources` are the only IP addresses to be heard; None for all.
    """

    def __init__(
        self, ice: Connection, stun: StunProtocol, deliver: Deliver, sources: frozenset[str] | None = None
    ) -> None:
        self._ice, self._stun, self._deliver, self._sources = ice, stun, deliver, sources

    def connection_lost(self, error: Exception | None) -> None:
        self._stun.connection_lost(error)

    def error_received(self, error: Exception) -> None:
        self._stun.error_received(error)

    def datagram_received(self, data: bytes, source: tuple[Any, ...]) -> None:
        if not 0 < len(data) <= LARGEST:
            log.info("a datagram of an impossible size was dropped: %d bytes from %s", len(data), source[0])
        elif self._sources is not None and source[0] not in self._sources:
            log.info("a datagram from another machine was dropped: %s", source[0])
        elif data[0] in FIRST_BYTES_OF_STUN:
            self._take_stun(data, source)
        elif not self._checked((source[0], source[1])):
            log.info("a datagram from an address that is no party to the call was dropped: %s", source[0])
        elif self._ice._queue.qsize() >= MOST_WAITING:
            log.warning("datagrams come faster than they can be read, and are dropped")
        else:
            self._deliver(data, self._stun.local_candidate.component)

    def _take_stun(self, data: bytes, source: tuple[Any, ...]) -> None:
        try:
            self._stun.datagram_received(data, source)
        except Exception as error:  # its parser raises whatever a packet happens to break
            log.info("a STUN packet from %s could not be read: %r", source[0], error)

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
    """Puts gates before `transport`, whose candidates are not gathered yet.

    `hosts` are the only addresses of this machine to bind, `sources` the only ones to hear; None for all.
    """
    ice: Connection = transport.transport._connection
    gather, deliver = ice.get_component_candidates, ice.data_received

    async def gather_behind_gates(component: int, addresses: list[str]) -> list[Candidate]:
        bound = addresses if hosts is None else list(hosts)
        candidates = await gather(component=component, addresses=bound)
        for protocol in ice._protocols:
            protocol.transport.set_protocol(Gate(ice, protocol, deliver, sources))
        return candidates

    def drop(data: bytes, component: int) -> None:
        """What aioice would deliver itself: packets before there is a gate, and STUN that it could not read."""

    setattr(ice, "get_component_candidates", gather_behind_gates)  # noqa: B010 - mypy refuses methods of instances
    setattr(ice, "data_received", drop)  # noqa: B010
    _survive(transport)


def _survive(transport: RTCDtlsTransport) -> None:
    """A datagram that breaks something beyond the gate is lost; aiortc would end the call over it."""
    receive_next = transport._recv_next

    async def receive_next_or_drop() -> None:
        try:
            await receive_next()
        except ConnectionError:  # the end of the connection
            raise
        except Exception as error:
            log.warning("a datagram of a call could not be taken: %r", error)
            await asyncio.sleep(0)  # where every next one fails at once too, others have their turn

    setattr(transport, "_recv_next", receive_next_or_drop)  # noqa: B010
