"""One WebSocket to a realtime server, whose errors are sentences, and whose messages are bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from dialogue.errors import BadInput, EngineLost
from dialogue.remote.realtime.far_events import Message
from dialogue.remote.realtime.far_sound import shown
from dialogue.remote.retries import MAY_PASS, Unavailable

OPEN_S, CLOSE_S = 5.0, 0.5
PING_S, PONG_S = 20.0, 60.0  # a pong waits behind the sound of a long reply
MOST_BYTES = 4_000_000  # of one message: a minute of sound
MOST_UNREAD = 64  # messages; then the server has to wait


class RealtimeSocket:
    """An open socket. `open` makes one."""

    def __init__(self, connection: ClientConnection, hidden: str | None) -> None:
        self._connection, self._hidden = connection, hidden

    @classmethod
    async def open(cls, url: str, key: str | None, protocols: Sequence[str]) -> RealtimeSocket:
        """Raises EngineLost where the server refuses, its subclass Unavailable where that may pass."""
        try:
            connection = await connect(
                url,
                additional_headers={"Authorization": f"Bearer {key}"} if key else {},
                subprotocols=[Subprotocol(name) for name in protocols] or None,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                ping_interval=PING_S,
                ping_timeout=PONG_S,
                max_size=MOST_BYTES,
                max_queue=MOST_UNREAD,
                compression=None,
            )
        except InvalidStatus as refused:
            raise _refusal(refused.response.status_code, key) from refused
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise Unavailable(f"No realtime server answers at {url.partition('?')[0]}; start it.") from error
        except (InvalidURI, ValueError) as error:
            raise EngineLost(f"{url[:200]} is no address of a realtime server.") from error
        return cls(connection, key)

    async def send(self, messages: Sequence[Message]) -> None:
        """Raises Unavailable where the connection is gone."""
        try:
            for message in messages:
                await self._connection.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise self._gone(closed) from closed

    async def receive(self, within_s: float | None) -> Message | None:
        """The next message; None where none comes in time. Raises Unavailable where the connection is gone, BadInput
        for what is no message. Cancelling loses nothing."""
        try:
            async with asyncio.timeout(within_s):
                text = await self._connection.recv()
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise self._gone(closed) from closed
        try:
            message: Any = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise BadInput("The realtime server sends something that is no message; check its address.")
        return message

    async def close(self, last: Sequence[Message] = ()) -> None:
        with suppress(Unavailable):
            await self.send(last)
        await self._connection.close()

    def _gone(self, closed: ConnectionClosed) -> Unavailable:
        said = closed.rcvd.reason if closed.rcvd is not None else ""
        words = shown(said.replace(self._hidden, "***") if self._hidden else said, "it said nothing")
        return Unavailable(f"The connection to the realtime server is lost ({words}).")


def _refusal(status: int, key: str | None) -> EngineLost:
    if status in (401, 403):
        missing = "" if key else "; none was given"
        return EngineLost(f"The realtime server refused the API key with status {status}{missing}.")
    words = f"The realtime server refused the connection with status {status}."
    return Unavailable(words) if status in MAY_PASS else EngineLost(words)
