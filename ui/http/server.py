"""Runs the server: opens its socket first, takes calls when the models are warm, and shuts down in order.

Everything it starts has ended when `serve` returns.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import uvicorn

from dialogue.errors import AssistantError
from stream.models.admission import Admission
from stream.models.capacity import Capacity, capacity_of
from stream.models.fetching.fetch_errors import disk_error_message
from stream.models.setup import Setup
from stream.runtime.failures import first_error
from ui.call.call import VANISHED_S, CallSession
from ui.call.calls import Calls
from ui.call.metrics import Metrics
from ui.host.address import Address, listen, media_hosts
from ui.http.access import checked_token, new_token
from ui.http.certificate import certificate_for
from ui.http.connection_limits import Connection, Limits, Listener, limits_here
from ui.http.guard import Guard
from ui.http.loop_lag import LoopLag
from ui.http.request_limits import CONNECTION, RequestLimits
from ui.http.routes import Routes, application
from ui.http.upgrading import READY, Upgrade, Upgrading
from ui.realtime.wire import Message, hello, to_wire
from ui.rtc.stray_tasks import stray_tasks_reported
from ui.rtc.warm_up import garbage_collection_frozen, warm_up_codecs

log = logging.getLogger(__name__)

P = TypeVar("P", bound="Shared")

HTTP_CLOSE_WITHIN_S = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Shared(Protocol):
    """The models that all sessions share; `stream.models.parts.Parts` implements it."""

    @property
    def capacity(self) -> Capacity | None: ...

    def close(self) -> None: ...


class _Web(uvicorn.Server):
    """uvicorn without its signal handlers (the server's own end the calls first), and with limits on connections."""

    def __init__(self, config: uvicorn.Config, limits: Limits) -> None:
        super().__init__(config)
        self._limits, self._listeners = limits, list[Listener]()

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in sockets or []:
            self._listeners.append(Listener(listening, self._protocol, self._limits, self.config.ssl))
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


class Service(Generic[P]):
    """One server. `state` is what its routes use."""

    def __init__(
        self,
        setup: Setup,
        open_parts: Callable[[], Awaitable[P]],
        open_session: Callable[[str, P, Setup], CallSession],
        *,
        stun: str | None = None,
        vanished_s: float = VANISHED_S,
        upgrade: Upgrade[P] | None = None,
    ) -> None:
        self._open_parts, self._open_session = open_parts, open_session
        self._upgrading = Upgrading(upgrade) if upgrade is not None else None
        self._stun, self._vanished_s = stun, vanished_s
        self._media_hosts: tuple[str, ...] | None = None
        self._opened_parts: list[P] = []  # the last ones are those of calls that begin now
        self.metrics = Metrics()
        self.state = Routes(setup, self.metrics, upgrading=self._upgrading)
        self.stop = asyncio.Event()

    async def run(self, web: uvicorn.Server, listening: socket.socket, ready: Callable[[], None]) -> None:
        """Serves until `stop` is set. Raises what `open_parts` raises."""
        self._media_hosts = media_hosts(listening)
        with stray_tasks_reported(lambda: self.metrics.errors.labels("webrtc").inc()):
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(web.serve(sockets=[listening]), name="http")
                measuring = tasks.create_task(LoopLag(self.metrics).measure(), name="loop lag")
                try:
                    await self._take_calls(ready)
                finally:
                    self.state.status, self.state.calls = "stopping", None
                    web.should_exit = True
                    measuring.cancel()
                    await asyncio.wait({serving})

    async def _take_calls(self, ready: Callable[[], None]) -> None:
        warm_up_codecs()
        parts = await self._opened()
        if parts is None:
            return
        self._opened_parts.append(parts)
        try:
            with garbage_collection_frozen():
                async with self._calls() as calls:
                    self.state.calls, self.state.status = calls, "ok"
                    ready()
                    upgrading = asyncio.create_task(self._upgrade(calls), name="upgrade")
                    await self.stop.wait()
                    self.state.status = "stopping"
                    upgrading.cancel()
                    await asyncio.wait({upgrading})
        finally:
            for opened in self._opened_parts:
                opened.close()

    async def _upgrade(self, calls: Calls) -> None:
        """Makes calls that begin from now on better, where the server has an upgrade."""
        if self._upgrading is None:
            return
        better = await self._upgrading.run(self._opened_parts[-1])
        if better is None:
            choice = f"the small one stays: {self._upgrading.failure}"
            self.state.setup = replace(self.state.setup, llm_choice=choice, upgrade=None)
            return
        self.state.setup, parts = better
        self._opened_parts.append(parts)
        self._set_capacity(calls.admission, parts)
        log.info("The language model is %s.", self.state.setup.llm_choice)
        calls.announce(READY)

    def _set_capacity(self, admission: Admission, parts: P) -> None:
        admission.capacity = capacity_of(parts, self.state.setup).sessions
        self.metrics.capacity.set(admission.capacity)

    def _calls(self) -> Calls:
        admission = Admission(1)
        self._set_capacity(admission, self._opened_parts[-1])
        return Calls(
            admission,
            lambda name: self._open_session(name, self._opened_parts[-1], self.state.setup),
            self._greetings,
            self.metrics,
            stun=self._stun,
            vanished_s=self._vanished_s,
            hosts=self._media_hosts,
        )

    async def _opened(self) -> P | None:
        """The warm models; None if the server is stopped before they are ready."""
        async with asyncio.TaskGroup() as tasks:
            opening = tasks.create_task(_awaited(self._open_parts()), name="open parts")
            stopping = tasks.create_task(self.stop.wait(), name="stop")
            await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not opening.done():
                opening.cancel()
                return None
        return opening.result()

    def _greetings(self, name: str) -> list[Message]:
        """The first messages of a call."""
        setup, notice = self.state.setup, self._upgrading.notice if self._upgrading is not None else None
        greeting = hello(name, setup.name, self.state.version, setup.budget_s, upgrading=notice is not None)
        return [greeting] if notice is None else [greeting, to_wire(notice)]


async def _awaited(opening: Awaitable[P]) -> P:
    return await opening


async def serve(
    setup: Setup,
    open_parts: Callable[[], Awaitable[P]],
    host: str,
    port: int,
    *,
    cache_dir: Path,
    token: str | None = None,
    stun: str | None = None,
    on_ready: Callable[[str], None] | None = None,
    open_session: Callable[[str, P, Setup], CallSession] | None = None,
    upgrade: Upgrade[P] | None = None,
) -> None:
    """Serves until SIGINT, SIGTERM or cancellation; every call and thread has ended when it returns.

    `on_ready` is called with the URL to open once calls are taken. Off loopback the URL is HTTPS, with a certificate
    kept in `cache_dir`, and carries the access token. `open_session` makes a session from a name, the models and
    the setup, by default a stream.session.Session. `upgrade` makes better models while calls are taken. Raises
    AssistantError that names the option to change, and what `open_parts` raises.
    """
    token = checked_token(token) if token is not None else None
    listening, address = listen(host, port)
    try:
        if token is None and not address.local:
            token = new_token()
        service = Service(setup, open_parts, open_session or _session, stun=stun, upgrade=upgrade)
        web = web_server(service.state, address, token, cache_dir)
        with stopped_by_signals(service.stop):
            await service.run(web, listening, lambda: on_ready(address.url(token)) if on_ready else None)
    except BaseExceptionGroup as group:
        raise first_error(group) from group
    finally:
        listening.close()


def _session(name: str, parts: Any, setup: Setup) -> CallSession:
    from stream.session.session import Session  # imports every model's library

    return Session(name, parts, setup)


def web_server(
    state: Routes, address: Address, token: str | None, cache_dir: Path, limits: Limits | None = None
) -> uvicorn.Server:
    """uvicorn for `address`, with a certificate where one is needed; `limits` default to `limits_here()`.

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
        RequestLimits(Guard(application(state), hosts=hosts, token=token)),
        http="h11",  # which has a limit on headers, 16 kB; httptools has none
        lifespan="off",
        ws="none",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=HTTP_CLOSE_WITHIN_S,
        **encrypted,
    )
    return _Web(config, limits or limits_here())


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first signal sets `stop`; a second one ends the process at once."""

    def stop_at_once(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(128 + number)
        loop.call_soon_threadsafe(stop.set)

    loop = asyncio.get_running_loop()
    outlives = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # as nohup sets it
    taken = [number for number in SIGNALS if number != signal.SIGHUP or not outlives]
    before = {number: signal.signal(number, stop_at_once) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
