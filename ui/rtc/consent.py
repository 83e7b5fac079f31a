"""Asks the browser of a call regularly whether packets may still be sent to it, and waits as long as a consent lasts.

RFC 7675: a consent expires 30 s after the last answer. aioice gives each request half a second and one attempt, and
ends the call after six late answers in a row. A browser on a busy machine answers seconds late, while its sound and its
own checks still arrive; such a call ended after half a minute.
"""

from __future__ import annotations

import asyncio
import logging
import random

from aioice.ice import Connection
from aioice.stun import TransactionError

log = logging.getLogger(__name__)

EVERY_S = 5.0
# aioice repeats a request 0.5, 1, 2, 4 and 8 s after the one before, and gives up 16 s later: after 31.5 s.
RETRANSMISSIONS = 5


async def keep_consent(ice: Connection) -> None:
    """Replaces `Connection.query_consent`: runs until a request has no answer, then closes the connection."""
    assert ice.remote_password is not None
    key = ice.remote_password.encode()
    while True:
        await asyncio.sleep(EVERY_S * random.uniform(0.8, 1.2))
        try:
            for pair in list(ice._nominated.values()):
                request = ice.build_request(pair, nominate=False)
                await pair.protocol.request(
                    request, pair.remote_addr, integrity_key=key, retransmissions=RETRANSMISSIONS
                )
        except TransactionError:
            log.info("A page has not answered for half a minute: its call ends.")
            ice._query_consent_task = None  # closing would cancel this task
            await ice.close()
            return
