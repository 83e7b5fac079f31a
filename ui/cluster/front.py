"""The address of a cluster: admits callers, gives each a replica, and passes on what belongs to its call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from dialogue.errors import Busy
from ui.call.waiting_line import ASK_EVERY_S, InLine
from ui.cluster.dialect_callers import DialectCallers
from ui.cluster.forwarding import GONE, ReplicaClient, ReplicaGone
from ui.cluster.replica_metrics import merged_metrics
from ui.cluster.replica_table import ReplicaTable
from ui.host.request_body import body_within
from ui.http.connection_limits import counted_as
from ui.http.guard import CALL_SOCKET, refusal, retry_after
from ui.openai.api_keys import ApiKeys, authorization_in, bearer

SECRETS = "/v1/realtime/client_secrets"
LONGEST_BODY = 256 * 1024  # bytes, as at the replica
BUSY_RETRY_S, STARTING_RETRY_S = 10, 2
LOST = "The machine that held this call is gone. The page calls again, and gives what was said to another one."


class Front:
    """`table` and `clients` hold the same replicas, by name. `stopping`: no new calls are taken."""

    def __init__(self, table: ReplicaTable, clients: Mapping[str, ReplicaClient], keys: ApiKeys | None = None) -> None:
        self.table, self._clients = table, clients
        self._callers = DialectCallers(table=table, client_of=self._client_of, keys=keys or ApiKeys())
        self.stopping = False
        self._now = asyncio.get_running_loop().time

    def application(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_api_route("/call", self._call, methods=["POST"], response_model=None)
        app.add_api_route("/call/path", self._of_call, methods=["POST"], response_model=None)
        app.add_api_route("/metrics", self._metrics, methods=["GET"], response_model=None)
        app.add_api_route(SECRETS, self._client_secret, methods=["POST"], response_model=None)
        app.add_api_route("/healthz", self._health, methods=["GET"], response_model=None)
        app.add_api_websocket_route(CALL_SOCKET + "{ticket}", self._call_socket)
        app.add_api_websocket_route("/v1/{path:path}", self._dialect_socket)
        methods = ["GET", "HEAD", "POST", "DELETE"]
        app.add_api_route("/{path:path}", self._other, methods=methods, response_model=None)
        return app

    async def _call(self, request: Request) -> Response:
        body = await _json(request)
        if body is None:
            return refusal(400, "bad_offer", "The request body must be a JSON object of at most 256 kB.")
        home = self.table.home(body.get("resume")) or self.table.home(body.get("replaces"))
        if home is not None:
            try:
                return await self._asked(home, body, request)
            except ReplicaGone:
                self.table.remove(home)
        if self.stopping:
            return refusal(503, "stopping", "This service is shutting down. Please call again when it is back.")
        if not self.table.replicas:
            advice = "The machines of this service are starting. Please try again in a few seconds."
            return refusal(503, "starting", advice, headers=retry_after(STARTING_RETRY_S))
        return await self._placed(body, request)

    async def _placed(self, body: Mapping[str, Any], request: Request) -> Response:
        """Gives a new call to a replica, or a place in the queue."""
        ticket, client = body.get("ticket"), counted_as(request.client.host) if request.client else None
        ticket = ticket if isinstance(ticket, str) else None
        try:
            for _ in range(len(self.table.replicas)):
                replica = self.table.place(ticket, client, self._now())
                try:
                    answer = await self._asked(replica.name, {**body, "ticket": None}, request)
                except ReplicaGone:
                    self.table.remove(replica.name)
                    continue
                if answer.status_code != 503:
                    return answer
                self.table.refused(replica.name)
            self.table.place(ticket, client, self._now())  # raises InLine, unless a place has just become free
            return refusal(503, "busy", "Please try again in a moment.", headers=retry_after(ASK_EVERY_S))
        except InLine as error:
            queue = {"ticket": error.ticket, "position": error.position, "wait_s": error.wait_s}
            return refusal(503, "busy", str(error), headers=retry_after(ASK_EVERY_S), more={"queue": queue})
        except Busy as error:
            return refusal(503, "busy", str(error), headers=retry_after(BUSY_RETRY_S))

    async def _asked(self, name: str, body: Mapping[str, Any], request: Request) -> Response:
        """The replica's answer to an offer. What the call is known by is remembered. Raises ReplicaGone."""
        client = self._clients.get(name)
        if client is None:
            raise ReplicaGone
        answer = await client.post(request.url.path, body, dict(request.headers))
        if answer.status_code == 200:
            given = answer.json()
            socket = str(given.get("socket", "")).removeprefix(CALL_SOCKET)
            for key in (given.get("session"), given.get("resume"), socket):
                self.table.remember(key, name)
        return Response(answer.content, answer.status_code, _kept(answer.headers))

    async def _of_call(self, request: Request) -> Response:
        body = await _json(request) or {}
        home = self.table.home(body.get("resume"))
        try:
            if home is not None:
                return await self._asked(home, body, request)
        except ReplicaGone:
            self.table.remove(home or "")
        return refusal(404, "no_such_call", LOST)

    async def _health(self) -> Response:
        table = self.table
        status = "stopping" if self.stopping else "ok" if table.replicas else "starting"
        replicas = [
            {"name": each.name, "sessions": each.taken, "capacity": each.capacity, "draining": each.draining}
            for each in table.replicas.values()
        ]
        health = {"status": status, "setup": "cluster", "sessions": table.taken, "capacity": table.capacity}
        return JSONResponse(
            {**health, "waiting": len(table.line), "replicas": replicas}, 200 if status == "ok" else 503
        )

    async def _metrics(self) -> Response:
        """The metrics of all replicas that answer."""
        texts: dict[str, str] = {}
        for name, client in list(self._clients.items()):
            with suppress(ReplicaGone):
                texts[name] = await client.text("/metrics")
        return Response(merged_metrics(texts), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _client_secret(self, request: Request) -> Response:
        home, token = self._freest(), bearer(authorization_in(request.headers))
        client = self._client_of(home)
        body = await _json(request)
        if home is None or client is None or body is None:
            return await self._other(request)
        try:
            answer = await client.post(SECRETS, body, dict(request.headers))
        except ReplicaGone:
            self.table.remove(home)
            return refusal(502, "replica", "A machine of this service is gone. Please try again.")
        if answer.status_code == 200:
            self._callers.remember_secret(answer.content, token, home)
        return Response(answer.content, answer.status_code, _kept(answer.headers))

    def _client_of(self, home: str | None) -> ReplicaClient | None:
        return self._clients.get(home) if home is not None else None

    async def _call_socket(self, websocket: WebSocket, ticket: str) -> None:
        await self._carry(websocket, self.table.home(ticket))

    async def _dialect_socket(self, websocket: WebSocket) -> None:
        if self.stopping or not await self._callers.carry(websocket, self._freest):
            await websocket.close(GONE)

    async def _carry(self, websocket: WebSocket, home: str | None) -> None:
        client = self._client_of(home)
        if client is None or self.stopping:
            await websocket.close(GONE)
            return
        await client.carry(websocket)

    async def _other(self, request: Request) -> Response:
        """Anything else goes to the replica of the call that its path names, else to the one with the most places."""
        parts = request.url.path.split("/")
        home = next((found for part in parts if (found := self.table.home(part))), None) or self._freest()
        client = self._client_of(home)
        if home is None or client is None:
            return refusal(503, "starting", "The machines are starting.", headers=retry_after(STARTING_RETRY_S))
        try:
            answer = await client.forward(request)
        except ReplicaGone:
            self.table.remove(home)
            return refusal(502, "replica", "A machine of this service is gone. Please try again.")
        location = answer.headers.get("location", "")
        self.table.remember(location.rpartition("/")[2], home)
        return answer

    def _freest(self) -> str | None:
        replicas = [each for each in self.table.replicas.values() if not each.draining]
        return max(replicas, key=lambda each: each.free).name if replicas else None


async def _json(request: Request) -> dict[str, Any] | None:
    body = await body_within(request, LONGEST_BODY)
    if body is None:
        return None
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return posted if isinstance(posted, dict) else None


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("content-type", "retry-after") if name in headers}
