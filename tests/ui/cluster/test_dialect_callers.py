"""Clients of realtime dialects before a cluster: one queue for all replicas, keys, secrets. Also tests `front.py`.

The replica is a small server on a real socket.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.ui.call.test_call import run
from ui.cluster.forwarding import ReplicaClient
from ui.cluster.front import SECRETS, Front
from ui.cluster.replica import ReplicaAddress
from ui.cluster.replica_table import ReplicaTable
from ui.host.address import listen
from ui.http.web_server import guarded_server
from ui.openai.api_keys import ApiKey, ApiKeys, digest

KEY = "a-long-random-text"
MINICPM = Subprotocol("map.realtime")


def replica_app() -> FastAPI:
    async def realtime(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text('{"type": "session.queue_done"}')
        await websocket.receive()

    async def secret() -> dict[str, Any]:
        return {"value": "ek_of_the_replica", "expires_at": round(time.time()) + 60}

    app = FastAPI()
    app.add_api_websocket_route("/v1/realtime", realtime)
    app.add_api_route(SECRETS, secret, methods=["POST"])
    app.add_api_route("/metrics", lambda: "nothing", methods=["GET"])
    return app


@dataclass
class Served:
    """A front before one replica."""

    address: str
    table: ReplicaTable

    @asynccontextmanager
    async def client(self, key: str, **options: Any) -> AsyncIterator[ClientConnection]:
        url = self.address.replace("http", "ws", 1) + "v1/realtime"
        async with connect(url, additional_headers={"Authorization": f"Bearer {key}"}, **options) as socket:
            yield socket


@asynccontextmanager
async def served(tmp_path: Path, keys: ApiKeys, taken: int = 0) -> AsyncIterator[Served]:
    table, clients, servers = ReplicaTable(), dict[str, ReplicaClient](), list[Any]()

    def serve(app: FastAPI, api_keys: ApiKeys) -> str:
        listening, address = listen("127.0.0.1", 0)
        web = guarded_server(app, api_keys, address, None, tmp_path)
        servers.append((web, asyncio.create_task(web.serve(sockets=[listening]))))
        return address.url()

    clients["replica-1"] = ReplicaClient(ReplicaAddress(serve(replica_app(), ApiKeys()).rstrip("/")))
    table.add("replica-1")
    table.reported("replica-1", 1, taken)
    try:
        yield Served(serve(Front(table, clients, keys).application(), keys), table)
    finally:
        await clients["replica-1"].close()
        for web, serving in servers:
            web.should_exit = True
            await serving


async def next_kind(socket: ClientConnection) -> str:
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await socket.recv())
    return f"{message['type']} {message.get('position', message.get('error', {}).get('code', ''))}".strip()


def test_a_client_of_a_dialect_with_a_queue_waits_for_a_place_of_any_replica(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.cluster.dialect_callers.ASK_EVERY_S", 0.05)

    async def story() -> None:
        async with (
            served(tmp_path, ApiKeys(), taken=1) as front,
            front.client("none", subprotocols=[MINICPM]) as socket,
        ):
            assert socket.subprotocol == MINICPM
            assert [await next_kind(socket) for _ in range(2)] == ["session.queued 1"] * 2
            front.table.reported("replica-1", 1, 0)
            while await next_kind(socket) != "session.queue_done":
                pass
            assert len(front.table.line) == 0

    run(story())


def test_the_limits_of_a_key_hold_for_all_replicas(tmp_path: Path) -> None:
    async def story() -> None:
        keys = ApiKeys({digest(KEY): ApiKey("bridge", sessions=1)})
        async with served(tmp_path, keys) as front:
            async with front.client(KEY) as one, front.client(KEY) as two:
                assert await next_kind(one) == "session.queue_done"
                assert await next_kind(two) == "error server_busy"
            brief = ApiKeys({digest(KEY): ApiKey("bridge", minutes_per_day=0.005)})
            async with served(tmp_path, brief) as other, other.client(KEY) as three:
                assert [await next_kind(three) for _ in range(2)] == ["session.queue_done", "error minutes_used_up"]

    run(story())


def test_a_secret_of_a_replica_opens_the_front_and_leads_there(tmp_path: Path) -> None:
    async def story() -> None:
        keys = ApiKeys({digest(KEY): ApiKey("bridge")})
        async with served(tmp_path, keys) as front, httpx.AsyncClient(base_url=front.address) as client:
            assert (await client.post(SECRETS, json={})).status_code == 401
            made = await client.post(SECRETS, json={}, headers={"Authorization": f"Bearer {KEY}"})
            secret = made.json()["value"]
            assert front.table.home(secret) == "replica-1"
            async with front.client(secret) as socket:
                assert await next_kind(socket) == "session.queue_done"

    run(story())
