"""Two replicas on a local Ray cluster: one queue, calls that stay where they are, and a replica that is killed.

Also tests `front.py`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.call.lines.test_socket_line import SocketCaller
from tests.ui.call.test_call import run, until
from tests.ui.caller import Caller
from tests.ui.tracks import Tone
from ui.cluster.autoscaling import Autoscaling
from ui.host.address import listen
from ui.http.web_server import guarded_server
from ui.openai.api_keys import ApiKeys

ray = pytest.importorskip("ray", reason="no Ray to run replicas on: install the extra cluster")

STARTED_WITHIN_S = 120.0
SAID = [{"role": "user", "text": "My cat is called Momo."}, {"role": "assistant", "text": "A nice name."}]


@asynccontextmanager
async def two_replicas(tmp_path: Path) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    from tests.ui.cluster.replicas import new_service
    from ui.cluster.cluster import Cluster, ReplicaRecipe, serve_cluster, start_ray

    start_ray(None, 2)
    try:
        cluster = Cluster(ReplicaRecipe(new_service, tmp_path), Autoscaling(fewest=2, most=2, spare=0))
        listening, address = listen("127.0.0.1", 0)
        web = guarded_server(cluster.front.application(), ApiKeys(), address, None, tmp_path)
        stop = asyncio.Event()
        serving = asyncio.create_task(serve_cluster(cluster, web, listening, stop))
        await until(lambda: len(cluster.front.table.replicas) == 2 or serving.done(), STARTED_WITHIN_S)
        try:
            async with httpx.AsyncClient(base_url=address.url().rstrip("/"), timeout=30) as client:
                yield cluster, client
        finally:
            stop.set()
            await serving
    finally:
        ray.shutdown()


async def answer_to(ask: Callable[..., Awaitable[httpx.Response]]) -> httpx.Response:
    """Asks again until there is a place, and keeps its position in the queue, as the page does."""
    ticket = None
    async with asyncio.timeout(STARTED_WITHIN_S):
        while True:
            response = await ask(ticket=ticket)
            if response.status_code != 503:
                return response
            ticket = response.json().get("queue", {}).get("ticket")
            await asyncio.sleep(0.2)


def test_a_killed_replica_loses_its_own_calls_alone_and_they_go_on_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            async with two_replicas(tmp_path) as (cluster, client):
                one, two, three, again = [await stack.enter_async_context(Caller(client, (Tone(),))) for _ in range(4)]
                await one.call(page="one")
                await two.call(page="two")
                table = cluster.front.table
                homes = [table.home(caller.answer["resume"]) for caller in (one, two)]
                assert sorted(map(str, homes)) == ["replica-1", "replica-2"]
                priority = ray.remote(num_cpus=0)(lambda: os.getpriority(os.PRIO_PROCESS, 0))
                assert await priority.remote() == os.getpriority(os.PRIO_PROCESS, 0), "calls need their time"
                refused = await three.post()
                assert (refused.status_code, refused.json()["queue"]["position"]) == (503, 1)
                health = (await client.get("/healthz")).json()
                assert (health["status"], health["capacity"], health["waiting"]) == ("ok", 2, 1)
                assert "omnilive" in (await client.get("/")).text
                path = {"resume": one.answer["resume"], "candidates": []}
                assert (await client.post("/call/path", json=path)).status_code == 200

                ray.kill(cluster.actors[homes[0]])
                await until(lambda: homes[0] not in table.replicas, 30.0)
                lost = await client.post("/call/path", json=path)
                assert (lost.status_code, lost.json()["error"]["code"]) == (404, "no_such_call")
                assert "calls again" in lost.json()["error"]["message"]
                sounds = len(two.sound)
                known = {"resume": one.answer["resume"], "replaces": one.session, "received": 1, "said": SAID}
                await again.accept(await answer_to(partial(again.post, page="one", **known)))
                assert (again.answer["resumed"], again.answer["restored"]) == (False, True)
                assert (await again.message("hello"))["restored"] is True
                assert str(table.home(again.answer["resume"])) == "replica-3"
                two.send({"type": "ping", "t": 7})
                assert (await two.message("pong"))["t"] == 7
                await until(lambda: len(two.sound) > sounds + 20, 30.0)
                assert [message["type"] for message in two.messages] == ["hello", "pong"], "it has noticed nothing"

                again.send({"type": "bye"})
                await again.message("bye")
                await over_a_websocket(client)
            assert (await two.message("bye"))["reason"] == "the server is shutting down"

    run(story())


async def over_a_websocket(client: httpx.AsyncClient) -> None:
    """The front leads the WebSocket of a call to its replica."""
    from websockets.asyncio.client import connect

    async def ask(ticket: str | None) -> httpx.Response:
        return await client.post("/call", json={"transport": "websocket", "page": "three", "ticket": ticket})

    response = await answer_to(ask)
    async with connect(str(client.base_url).rstrip("/").replace("http", "ws") + response.json()["socket"]) as socket:
        caller = SocketCaller(socket, response.json())
        reading = asyncio.create_task(caller.read())
        await until(lambda: bool(caller.texts("hello")) and len(caller.sound) > 5, 30.0)
        await socket.send('{"type": "bye"}')
        await until(lambda: bool(caller.texts("bye")), 30.0)
        await reading
