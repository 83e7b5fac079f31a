"""The replies of one call whose language model is a chat server, and what is said when the server fails.

A failure before the first word is answered by the stand-in, after one spoken sentence that says so; a failure in the
middle of a reply ends it with a sentence. Either way the call goes on, and the page shows what was wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from dialogue.blocks import Block
from dialogue.engine import Engine, TextDelta
from dialogue.errors import AssistantError, BadInput
from dialogue.remote.chat_server import Body, ChatServer
from dialogue.remote.circuit_breaker import CircuitBreaker
from dialogue.remote.remote_calls import CallPieces
from dialogue.remote.retries import Unavailable
from dialogue.remote.stand_in import stand_in_reply

INSTEAD = "The server of my language model does not answer, so the small model on this machine answers for now. "
NOTHING = "The server of my language model does not answer. Please ask me again later."
BROKEN_OFF = " I have lost the connection to my language model, so I stop here."


class ServerAlone:
    """The replies of a chat request: the server's, and its errors."""

    def __init__(self, server: ChatServer) -> None:
        self._server = server

    def reply(
        self, body: Callable[[str], Body], _blocks: Sequence[Block], calls: CallPieces | None = None
    ) -> AsyncGenerator[str, None]:
        """Raises what `ChatServer.reply` raises."""
        return self._server.reply(body, calls)

    async def close(self) -> None:
        await self._server.close()


class RemoteAnswers:
    """One per session. `breaker` is shared by the sessions of a server; `stand_in` opens an engine of this machine."""

    def __init__(
        self, server: ChatServer, breaker: CircuitBreaker | None = None, stand_in: Callable[[], Engine] | None = None
    ) -> None:
        self._server, self._breaker, self._stand_in = server, breaker or CircuitBreaker(), stand_in
        self._mentioned = False  # whether the user knows of the present outage

    async def reply(
        self, body: Callable[[str], Body], blocks: Sequence[Block], calls: CallPieces | None = None
    ) -> AsyncGenerator[str, None]:
        """The reply to the last of `blocks`, in pieces, the server's or the stand-in's. `calls` takes the functions
        that the server calls.

        Raises BadInput at its end where the server failed.
        """
        lost: AssistantError | None = None
        if self._breaker.lets_through(asyncio.get_running_loop().time()):
            begun = False
            try:
                async with aclosing(self._server.reply(body, calls)) as texts:
                    async for text in texts:
                        begun = True
                        yield text
            except AssistantError as error:
                lost = error
                self._failed(error)
                if calls is not None:
                    calls.clear()
            else:
                self._breaker.succeeded()
                self._mentioned = False
                return
            if begun:
                yield BROKEN_OFF
                raise BadInput(str(lost)) from lost
        async for text in self._instead(blocks):
            yield text
        if lost is not None:
            raise BadInput(str(lost)) from lost

    async def close(self) -> None:
        await self._server.close()

    def _failed(self, error: AssistantError) -> None:
        if isinstance(error, BadInput):
            return  # it is there, and sent something unusable: the next reply may be better
        now = asyncio.get_running_loop().time()
        self._breaker.failed(now, error.after_s if isinstance(error, Unavailable) else None)

    async def _instead(self, blocks: Sequence[Block]) -> AsyncGenerator[str, None]:
        if self._stand_in is None:
            yield NOTHING
            return
        if not self._mentioned:
            self._mentioned = True
            yield INSTEAD
        async with aclosing(stand_in_reply(self._stand_in, blocks)) as deltas:
            async for delta in deltas:
                if isinstance(delta, TextDelta):
                    yield delta.text
