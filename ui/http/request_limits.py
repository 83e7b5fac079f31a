"""Applies the time limits of a connection to its requests: reports whose turn it is. Plain ASGI.

The connection is in the scope's state under `CONNECTION`; without one, nothing is limited.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers

from ui.http.connection_limits import Connection
from ui.http.guard import App, Receive, Scope, Send

CONNECTION = "omnilive.connection"
UPLOAD = re.compile(r"/call/[0-9a-f]+/show/[0-9]+")


class RequestLimits:
    """Wraps an application. To it, a body that does not arrive in time looks like a disconnected client."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if connection is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and _has_body(Headers(scope=scope)):
            uploads = UPLOAD.fullmatch(scope["path"]) is not None
            within_s = connection.limits.upload_s if uploads else connection.limits.body_s
            receive = _in_time(receive, connection, within_s)

        async def send_in_time(message: MutableMapping[str, Any]) -> None:
            with connection.waiting(connection.limits.answer_s):
                await send(message)

        connection.requests += 1
        connection.work()
        try:
            await self._app(scope, receive, send_in_time)
        finally:
            connection.requests -= 1
            if not connection.requests:  # a pipelined request begins before the previous one has ended
                connection.wait(connection.limits.request_s)


def _in_time(receive: Receive, connection: Connection, within_s: float) -> Receive:
    deadline = asyncio.get_running_loop().time() + within_s
    arrived = False

    async def receive_in_time() -> MutableMapping[str, Any]:
        nonlocal arrived
        if arrived:
            return await receive()
        # The connection must stay open for the answer that the body came too late.
        with connection.waiting(within_s + connection.limits.answer_s):
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
