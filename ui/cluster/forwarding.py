"""Passes HTTP requests and WebSockets on to a replica."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from ui.cluster.replica import ReplicaAddress

CONNECT_S, ANSWER_S = 2.0, 60.0
LARGEST_MESSAGE = 16 * 1024 * 1024  # bytes, as at the replica
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"})
NOT_ASKED = HOP_BY_HOP | {"host", "origin", "content-length"}  # the front has checked the origin
NOT_ANSWERED = HOP_BY_HOP | {"content-length", "content-encoding", "date", "server"}
GONE = 1012  # close code: service restart


class ReplicaGone(Exception):
    """The replica cannot be reached."""


class ReplicaClient:
    """Reaches one replica. To be closed."""

    def __init__(self, address: ReplicaAddress) -> None:
        self.address = address
        self._context = ssl.create_default_context(cadata=address.certificate) if address.certificate else None
        self._http = httpx.AsyncClient(
            base_url=address.url,
            verify=self._context or True,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=200),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def health(self, within_s: float) -> Mapping[str, Any]:
        """What /healthz answers. Raises ReplicaGone."""
        try:
            answer = await self._http.get("/healthz", timeout=within_s)
            health: Mapping[str, Any] = answer.json()
            return health
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise ReplicaGone(str(error)) from error

    async def text(self, path: str) -> str:
        """The body of a page that needs no request. Raises ReplicaGone."""
        try:
            return (await self._http.get(path, headers=self._headers({}))).text
        except httpx.HTTPError as error:
            raise ReplicaGone(str(error)) from error

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> httpx.Response:
        """The answer to a JSON object. Raises ReplicaGone."""
        try:
            return await self._http.post(path, json=body, headers=self._headers(headers))
        except httpx.HTTPError as error:
            raise ReplicaGone(str(error)) from error

    async def forward(self, request: Request) -> Response:
        """The answer to a request, which is passed on piece by piece. Raises ReplicaGone."""
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = self._headers(request.headers)
        body = (
            request.stream() if "content-length" in request.headers or "transfer-encoding" in request.headers else None
        )
        passed = self._http.build_request(request.method, path, headers=headers, content=body)
        try:
            answer = await self._http.send(passed, stream=True)
        except httpx.HTTPError as error:
            raise ReplicaGone(str(error)) from error
        kept = {name: value for name, value in answer.headers.items() if name not in NOT_ANSWERED}
        closing = BackgroundTask(answer.aclose)
        return StreamingResponse(answer.aiter_bytes(), answer.status_code, kept, background=closing)

    async def carry(self, websocket: WebSocket) -> None:
        """Carries a WebSocket to the end of either side."""
        path = websocket.url.path + (f"?{websocket.url.query}" if websocket.url.query else "")
        offered = [Subprotocol(name) for name in websocket.scope.get("subprotocols", [])]
        try:
            async with connect(
                self.address.url.replace("http", "ws", 1) + path,
                ssl=self._context,
                subprotocols=offered or None,
                additional_headers=self._headers({"authorization": websocket.headers.get("authorization", "")}),
                max_size=LARGEST_MESSAGE,
                open_timeout=CONNECT_S,
                compression=None,
                proxy=None,
            ) as theirs:
                if websocket.application_state is WebSocketState.CONNECTING:
                    await websocket.accept(subprotocol=theirs.subprotocol)
                await _join(websocket, theirs)
        except (OSError, InvalidHandshake, TimeoutError):
            with suppress(RuntimeError, WebSocketDisconnect):
                await websocket.close(GONE)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        kept = {name.lower(): value for name, value in headers.items() if value and name.lower() not in NOT_ASKED}
        if self.address.token is not None:  # the front has checked the caller's
            kept["authorization"] = f"Bearer {self.address.token}"
        return kept


async def _join(ours: WebSocket, theirs: ClientConnection) -> None:
    """Passes messages on in both directions until one side closes; then the other is closed with the same code."""

    async def up() -> None:
        while True:
            message = await ours.receive()
            if message["type"] != "websocket.receive":
                return
            content: str | bytes = message.get("text") or message.get("bytes") or ""
            with suppress(ConnectionClosed):
                await theirs.send(content)

    async def down() -> None:
        with suppress(ConnectionClosed, WebSocketDisconnect, RuntimeError):
            async for message in theirs:
                await (ours.send_text(message) if isinstance(message, str) else ours.send_bytes(message))

    async with asyncio.TaskGroup() as tasks:
        joined = {tasks.create_task(up()), tasks.create_task(down())}
        await asyncio.wait(joined, return_when=asyncio.FIRST_COMPLETED)
        for task in joined:
            task.cancel()
    with suppress(RuntimeError, WebSocketDisconnect):
        code = theirs.close_code
        await ours.close(code if code is not None and code not in (1005, 1006) else GONE)
