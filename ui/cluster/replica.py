"""One replica of the session server, to be run as a Ray actor: a process of its own, on any machine of the cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialogue.errors import AssistantError
from ui.api.background_loop import BackgroundLoop
from ui.host.address import listen
from ui.http.certificate import certificate_for
from ui.http.server import Service
from ui.http.web_server import web_server

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReplicaAddress:
    """Where the front reaches a replica: off loopback by HTTPS, with its `certificate` in PEM and the `token`."""

    url: str
    token: str | None = None
    certificate: str | None = None


class Replica:
    """`new_service` makes the server in this process; `host` is the address to listen on; certificates are kept in
    `cache_dir`."""

    def __init__(self, new_service: Callable[[], Service[Any]], host: str, token: str | None, cache_dir: Path) -> None:
        self._new_service, self._host, self._token, self._cache_dir = new_service, host, token, cache_dir
        self._loop = BackgroundLoop("replica")  # not Ray's own, which may be uvloop
        self._service: Service[Any] | None = None
        self._serving: Future[None] | None = None

    def start(self) -> ReplicaAddress:
        """Returns once calls are taken. Raises what the models raise."""
        return self._loop.run(self._start())

    def stop(self) -> None:
        """Says goodbye to every call, and ends the server."""
        if self._service is not None and self._serving is not None:
            self._loop.run(self._set_stop(self._service))
            self._serving.result()
        self._loop.close()

    async def _start(self) -> ReplicaAddress:
        listening, address = listen(self._host, 0)
        token = None if address.local else self._token
        service = self._service = self._new_service()
        web = web_server(service.state, address, token, self._cache_dir)
        ready = asyncio.Event()
        serving = asyncio.create_task(service.run(web, listening, ready.set), name="replica")
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            waiting.cancel()
            serving.result()
            raise AssistantError("The replica has ended before it was ready.")
        self._serving = self._loop.submit(_ended(serving))
        pem = None if address.local else certificate_for(address.names, self._cache_dir).certificate.read_text()
        return ReplicaAddress(address.url().rstrip("/"), token, pem)

    async def _set_stop(self, service: Service[Any]) -> None:
        service.stop.set()


async def _ended(serving: asyncio.Task[None]) -> None:
    await serving
