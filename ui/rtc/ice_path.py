"""The path of a call's packets: takes the browser's candidates as they are found, and moves to another path when asked.

aiortc knows no ICE restart (RFC 8445, section 9). Here a restart makes a second connection of aioice behind the same
DTLS transport, which replaces the first one once a check has succeeded: sound, pictures and messages go on without
another handshake. It replaces private parts of both libraries, whose versions ui/rtc/webrtc.py checks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from aioice.candidate import Candidate
from aioice.ice import Connection
from aiortc import RTCDtlsTransport
from aiortc.rtcicetransport import candidate_from_aioice
from aiortc.sdp import SessionDescription, candidate_to_sdp

from dialogue.errors import BadInput
from ui.host.allowance import Allowance
from ui.rtc.ice_gate import guard_connection
from ui.rtc.offer import MOST_CANDIDATES, CandidateLines, Offer

log = logging.getLogger(__name__)

RESTARTS_PER_S, RESTARTS_AT_ONCE = 0.5, 5.0
FOUND_WITHIN_S = 10.0  # by the checks of a new path; the old one is kept meanwhile
RESOLVED_WITHIN_S = 2.0  # host names of candidates


class IcePath:
    """The path behind one transport, to be made before its candidates are gathered.

    `hosts` are the only local addresses to bind, `sources` the only accepted senders; None for all. `lines` reads the
    browser's candidates.
    """

    def __init__(
        self,
        transport: RTCDtlsTransport,
        hosts: Sequence[str] | None,
        sources: frozenset[str] | None,
        lines: CandidateLines,
    ) -> None:
        self._ice = transport.transport  # an RTCIceTransport
        self._hosts, self._sources, self._lines = hosts, sources, lines
        self._added: dict[str, int] = {}  # candidates of each user name
        self._next: Connection | None = None
        self._moving: asyncio.Task[None] | None = None
        self._restarting = asyncio.Lock()
        self._restarts = Allowance(RESTARTS_PER_S, RESTARTS_AT_ONCE)

    @property
    def _connection(self) -> Connection:
        connection: Connection = self._ice._connection
        return connection

    async def add(self, lines: Sequence[str], user: str | None) -> None:
        """Adds candidates that the browser has found since its offer; `user` is the user name of that offer, and lines
        of another one are ignored."""
        connections = [each for each in (self._next, self._connection) if each is not None]
        found = next((each for each in connections if user is None or each.remote_username == user), None)
        if found is not None:
            await self._add(found, self._lines.read(lines))

    async def restart(self, offer: Offer, answered: str) -> str:
        """Begins the search for another path with the candidates of `offer`. Returns the answer: the one of the call,
        `answered`, with new candidates. Raises BadInput."""
        parsed = SessionDescription.parse(offer.sdp)
        ice = parsed.media[0].ice
        if ice.usernameFragment == self._connection.remote_username:
            raise BadInput("The offer has the same ICE user name as before, so it is no restart.")
        if not self._restarts.take(asyncio.get_running_loop().time()):
            raise BadInput("The path of this call was changed too often.")
        async with self._restarting:
            await self._drop_next()
            old = self._connection
            new = self._next = Connection(ice_controlling=False, stun_server=old.stun_server)
            new._queue = old._queue  # DTLS goes on reading it
            guard_connection(new, self._hosts, self._sources)
            await new.gather_candidates()
            new.remote_username, new.remote_password = ice.usernameFragment, ice.password
            lines = [line for line in offer.sdp.splitlines() if line.startswith("a=candidate:")]
            await self._add(new, self._lines.read(lines))
            self._moving = asyncio.create_task(self._move(new), name="another path")
            return _with_path(answered, new)

    async def close(self) -> None:
        await self._drop_next()

    async def _move(self, new: Connection) -> None:
        """Replaces the path once `new` has one."""
        try:
            async with asyncio.timeout(FOUND_WITHIN_S):
                await new.connect()
        except (ConnectionError, TimeoutError):
            log.info("A call found no other path.")
            self._next = None
            await _retire(new)
            return
        old, self._next = self._connection, None
        new._event_waiter, old._event_waiter = old._event_waiter, None  # aiortc waits for the end of the path
        ice = self._ice
        ice._connection = ice.iceGatherer._connection = new
        setattr(ice, "_recv", new.recv)  # noqa: B010 - mypy refuses methods of instances
        setattr(ice, "_send", new.send)  # noqa: B010
        log.info("A call goes on over another path.")
        await _retire(old)

    async def _drop_next(self) -> None:
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.wait({self._moving})
        if self._next is not None:
            await _retire(self._next)
        self._next = self._moving = None

    async def _add(self, connection: Connection, candidates: Sequence[Candidate]) -> None:
        user = connection.remote_username or ""
        room = MOST_CANDIDATES - self._added.get(user, 0)
        added = candidates[: max(0, room)]
        known = {each.remote_username for each in (self._next, self._connection) if each is not None}
        self._added = {name: count for name, count in self._added.items() if name in known}
        self._added[user] = self._added.get(user, 0) + len(added)
        with suppress(TimeoutError, ValueError):
            async with asyncio.timeout(RESOLVED_WITHIN_S):
                await asyncio.gather(*(connection.add_remote_candidate(each) for each in added))


async def _retire(connection: Connection) -> None:
    """Closes a connection without an end of the queue that it shares, and without news of it."""
    connection._queue, connection._closed = asyncio.Queue(), True
    await connection.close()


def _with_path(answer: str, connection: Connection) -> str:
    """The SDP with the candidates and credentials of `connection`."""
    shown = [f"a=candidate:{candidate_to_sdp(candidate_from_aioice(each))}" for each in connection.local_candidates]
    lines = list[str]()
    for line in answer.splitlines():
        if line.startswith("a=ice-ufrag:"):
            lines += [*shown, "a=end-of-candidates", f"a=ice-ufrag:{connection.local_username}"]
        elif line.startswith("a=ice-pwd:"):
            lines.append(f"a=ice-pwd:{connection.local_password}")
        elif not line.startswith(("a=candidate:", "a=end-of-candidates")):
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"
