"""Tells a connection whose turn it is while it is used for requests, so that its time limits hold. Plain ASGI.

The connection comes in the scope's state, where `CONNECTION` names it; without one, nothing is limited.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers

from ui.http.connection_limits import Connection
from ui.http.guard import App, Receive, Scope, Send

CONNECTION = "omnilive.connection"


class RequestLimits:
    """Around a whole application. A body that does not arrive in time looks like a client that has gone."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if connection is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and _has_body(Headers(scope=scope)):
            receive = _in_time(receive, connection)

        async def send_in_time(message: MutableMapping[str, Any]) -> None:
            with connection.waiting(connection.limits.answer_s):
                await send(message)

        connection.requests += 1
        connection.work()
        try:
            await self._app(scope, receive, send_in_time)
        finally:
            connection.requests -= 1
            if not connection.requests:  # the next of a pipeline begins before the one before has ended
                connection.wait(connection.limits.request_s)


def _in_time(receive: Receive, connection: Connection) -> Receive:
    deadline = asyncio.get_running_loop().time() + connection.limits.body_s
    arrived = False

    async def receive_in_time() -> MutableMapping[str, Any]:
        nonlocal arrived
        if arrived:
            return await receive()
        # The answer that the body came too late shall still find the connection.
        with connection.waiting(connection.limits.body_s + connection.limits.answer_s):
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                message = {"type": "http.disconnect"}
        arrived = not message.get("more_body", False)
        return message

    return receive_in_time


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
