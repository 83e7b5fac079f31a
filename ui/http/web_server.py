"""uvicorn for one address: its limits on connections, its certificate, the checks around the routes."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import uvicorn

from dialogue.errors import AssistantError
from stream.models.fetching.fetch_errors import disk_error_message
from ui.host.address import Address
from ui.http.certificate import certificate_for
from ui.http.connection_limits import Connection, Limits, Listener, limits_here
from ui.http.guard import App, Guard
from ui.http.request_limits import CONNECTION, RequestLimits
from ui.http.routes import Routes, application
from ui.openai.api_keys import ApiKeys

log = logging.getLogger(__name__)

HTTP_CLOSE_WITHIN_S = 1
LONGEST_MESSAGE = 16 * 1024 * 1024  # bytes of a WebSocket message


class _Web(uvicorn.Server):
    """uvicorn without its signal handlers (the server's own end the calls first), and with limits on connections."""

    def __init__(self, config: uvicorn.Config, limits: Limits) -> None:
        super().__init__(config)
        self._limits, self._listeners = limits, list[Listener]()

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in sockets or []:
            self._listeners.append(
                Listener(
                    listening=listening, protocol_for=self._protocol, limits=self._limits, encryption=self.config.ssl
                )
            )
        await super().startup(sockets=[])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._listeners:
            listener.close()
        await super().shutdown(sockets)
        for listener in self._listeners:
            listener.drop_all()

    def _protocol(self, connection: Connection) -> asyncio.Protocol:
        protocol: type[Any] = self.config.http_protocol_class
        state = {CONNECTION: connection}
        return cast(asyncio.Protocol, protocol(config=self.config, server_state=self.server_state, app_state=state))


def web_server(
    state: Routes, address: Address, token: str | None, cache_dir: Path, limits: Limits | None = None
) -> uvicorn.Server:
    """As `guarded_server`, for the routes of one server."""
    return guarded_server(application(state), state.keys, address, token, cache_dir, limits)


def guarded_server(
    app: App, keys: ApiKeys, address: Address, token: str | None, cache_dir: Path, limits: Limits | None = None
) -> uvicorn.Server:
    """uvicorn for `app` at `address`, with a certificate where one is needed; `limits` default to `limits_here()`.

    Raises AssistantError when the certificate cannot be stored.
    """
    hosts = frozenset(name.lower() for name in address.names) if address.local else None
    encrypted: dict[str, Any] = {}
    if not address.local:
        try:
            made = certificate_for(address.names, cache_dir)
        except OSError as error:
            raise AssistantError(
                f"The certificate for HTTPS cannot be stored: {disk_error_message(error, cache_dir)}."
            ) from error
        log.info("The certificate's SHA-256 fingerprint is %s.", made.fingerprint)
        encrypted = {"ssl_certfile": str(made.certificate), "ssl_keyfile": str(made.key)}
    config = uvicorn.Config(
        RequestLimits(Guard(app, hosts=hosts, token=token, keys=keys)),
        http="h11",  # which has a limit on headers, 16 kB; httptools has none
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=LONGEST_MESSAGE,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=HTTP_CLOSE_WITHIN_S,
        **encrypted,
    )
    return _Web(config, limits or limits_here())
