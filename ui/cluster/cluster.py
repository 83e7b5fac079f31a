"""Runs a cluster: starts replicas on Ray, watches them, adds and drains them, and serves the front."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn

from dialogue.errors import AssistantError
from ui.cluster.autoscaling import Autoscaling
from ui.cluster.forwarding import ReplicaClient, ReplicaGone
from ui.cluster.front import Front
from ui.cluster.replica import Replica
from ui.cluster.replica_table import ReplicaTable
from ui.http.server import Service
from ui.openai.api_keys import ApiKeys

try:
    import ray
except ImportError as missing:
    raise AssistantError(
        "A cluster needs the package of the extra cluster: pip install 'omnilive[cluster]'."
    ) from missing

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5
STOP_WITHIN_S = 4.0


@dataclass(frozen=True)
class ReplicaRecipe:
    """What every replica is made of. `host` is what it listens on; None: the address of its machine, with HTTPS and
    `token`. `cpus` are reserved for each."""

    new_service: Callable[[], Service[Any]]
    cache_dir: Path
    host: str | None = "127.0.0.1"
    token: str | None = None
    cpus: float = 1.0
    environment: dict[str, str] = field(default_factory=dict)


def start_ray(address: str | None, cpus: int) -> None:
    """Connects to the Ray cluster at `address`; None starts one on this machine, with as many places as `cpus`."""
    # Ray gives its processes a niceness of 15, with which calls break off on a busy machine.
    own = {"num_cpus": cpus, "include_dashboard": False, "_system_config": {"worker_niceness": 0}}
    settings: dict[str, Any] = {"address": address} if address else own
    try:
        ray.init(logging_level=logging.ERROR, log_to_driver=False, **settings)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise AssistantError(f"Ray cannot be used: {error}") from error


class _RayReplica(Replica):
    """Listens on its machine's address where none is given."""

    def __init__(self, recipe: ReplicaRecipe) -> None:
        host = recipe.host or str(cast(Any, ray.util).get_node_ip_address())
        super().__init__(recipe.new_service, host, recipe.token, recipe.cache_dir)


class Cluster:
    """The replicas of one cluster. `ray.init` comes before. Leaving the `async with` block stops them."""

    def __init__(self, recipe: ReplicaRecipe, scaling: Autoscaling, keys: ApiKeys | None = None) -> None:
        self._recipe, self._scaling = recipe, scaling
        self.actors: dict[str, Any] = {}  # by the names of the table
        self._clients: dict[str, ReplicaClient] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._count = 0
        self.failure: AssistantError | None = None  # why the last replica could not be started
        self.front = Front(table=ReplicaTable(), clients=self._clients, keys=keys)

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps the replicas until `stop` is set, then ends them."""
        try:
            while not stop.is_set():
                await asyncio.gather(*(self._report(name) for name in list(self._clients)))
                self._scale()
                if self.failure is not None and not self._clients:
                    raise self.failure
                with suppress(TimeoutError):
                    async with asyncio.timeout(REPORT_EVERY_S):
                        await stop.wait()
        finally:
            await self._stop()

    async def drained(self, within_s: float) -> None:
        """Takes no new calls, and waits until those that go on have ended."""
        self.front.stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.front.table.taken:  # noqa: ASYNC110 - reports come by themselves
                    await asyncio.sleep(REPORT_EVERY_S)

    async def _report(self, name: str) -> None:
        table, client = self.front.table, self._clients[name]
        try:
            health = await client.health(4 * REPORT_EVERY_S)
        except ReplicaGone:
            if name not in table.replicas or table.missed(name):
                log.warning("The replica %s is gone, and its calls with it.", name)
                await self._remove(name)
            return
        table.reported(name, int(health.get("capacity", 0)), int(health.get("sessions", 0)))
        replica = table.replicas.get(name)
        if replica is None:
            await self._remove(name)
        elif replica.draining and not replica.taken + replica.placed:
            log.info("The replica %s has no calls any more, and ends.", name)
            actor = self.actors[name]
            await self._remove(name, kill=False)
            await _stopped(actor)

    def _scale(self) -> None:
        table = self.front.table
        now = asyncio.get_running_loop().time()
        step = self._scaling.step(table.replicas.values(), len(self._starting), len(table.line), now)
        if step == "add" and self.failure is None:
            starting = asyncio.create_task(self._add(), name="start a replica")
            self._starting.add(starting)
            starting.add_done_callback(self._starting.discard)
        elif step == "drain":
            self._scaling.emptiest(table.replicas.values()).draining = True

    async def _add(self) -> None:
        self._count += 1
        name = f"replica-{self._count}"
        settings = {"num_cpus": self._recipe.cpus, "runtime_env": {"env_vars": self._recipe.environment}}
        actor: Any = cast(Any, ray.remote(_RayReplica)).options(**settings).remote(self._recipe)
        try:
            address = await actor.start.remote()
        except Exception as error:  # Ray wraps what the replica raises in exceptions of many kinds
            log.warning("A replica could not be started: %s", error)
            ray.kill(actor)
            self.failure = AssistantError(f"A replica could not be started: {error}")
            return
        log.info("The %s takes calls at %s.", name, address.url)
        self.actors[name], self._clients[name] = actor, ReplicaClient(address)
        self.front.table.add(name)
        await self._report(name)

    async def _remove(self, name: str, kill: bool = True) -> None:
        self.front.table.remove(name)
        client, actor = self._clients.pop(name, None), self.actors.pop(name, None)
        if client is not None:
            await client.close()
        if actor is not None and kill:
            ray.kill(actor)

    async def _stop(self) -> None:
        self.front.stopping = True
        for starting in list(self._starting):
            starting.cancel()
        await asyncio.gather(*(_stopped(actor) for actor in self.actors.values()))
        for name in list(self._clients):
            await self._remove(name)


async def _stopped(actor: Any) -> None:
    """Has a replica say goodbye to its calls, and ends its process."""
    with suppress(Exception):  # it may be gone
        async with asyncio.timeout(STOP_WITHIN_S):
            await actor.stop.remote()
    ray.kill(actor)


async def serve_cluster(
    cluster: Cluster,
    web: uvicorn.Server,
    listening: socket.socket,
    stop: asyncio.Event,
    *,
    drain_s: float = 0.0,
) -> None:
    """Serves the front of `cluster` on `listening` until `stop` is set, and then for at most `drain_s` the calls that
    go on. Raises AssistantError where no replica can be started."""
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(web.serve(sockets=[listening]), name="front")
        running = tasks.create_task(cluster.run(ended), name="cluster")
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await cluster.drained(drain_s)
        ended.set()
        stopping.cancel()
        await asyncio.wait({running})
        web.should_exit = True
        await asyncio.wait({serving})
