"""Runs the server: opens its socket first, takes calls when the models are warm, and shuts down in order.

Everything it starts has ended when `serve` returns.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import uvicorn

from dialogue.errors import AssistantError
from stream.models.admission import Admission
from stream.models.capacity import Capacity, capacity_of
from stream.models.setup import Setup
from stream.runtime.failures import plain_errors
from stream.session.session_start import SessionStart
from ui.call.call_session import CallSession
from ui.call.calls import Calls
from ui.call.metrics import Metrics, Spans
from ui.call.recordings import Recordings
from ui.call.times import CallTimes
from ui.host.address import listen, media_hosts
from ui.host.stop_signals import stopped_by_signals
from ui.host.supervised import SupervisorLink
from ui.http.access import checked_token, new_token
from ui.http.loop_lag import LoopLag
from ui.http.routes import Routes
from ui.http.upgrading import READY, Upgrade, Upgrading
from ui.http.web_server import web_server
from ui.openai.api_keys import ApiKeys
from ui.openai.served_models import RtcHost, ServedModels
from ui.realtime.wire import Message, hello, to_wire
from ui.rtc.ice_servers import IceServers
from ui.rtc.stray_tasks import stray_tasks_reported
from ui.rtc.warm_up import garbage_collection_frozen, warm_up_codecs

log = logging.getLogger(__name__)

P = TypeVar("P", bound="Shared")

CHECK_EVERY_S = 1.0
BROKEN_AFTER_S = 60.0  # a step that runs for so long does not return; sessions end after half of it


class ServerBroken(AssistantError):
    """This process cannot serve any more; another one can."""


class Shared(Protocol):
    """The models that all sessions share; `stream.models.parts.Parts` implements it."""

    @property
    def capacity(self) -> Capacity | None: ...
    @property
    def busy_s(self) -> float: ...

    def close(self) -> None: ...


class Service(Generic[P]):
    """One server. `state` is what its routes use."""

    def __init__(
        self,
        setup: Setup,
        open_parts: Callable[[], Awaitable[P]],
        open_session: Callable[[str, P, Setup, SessionStart], CallSession],
        *,
        stun: str | None = None,
        times: CallTimes | None = None,
        upgrade: Upgrade[P] | None = None,
        broken_after_s: float = BROKEN_AFTER_S,
        record: Path | None = None,
        spans: Spans | None = None,
        keys: ApiKeys | None = None,
        ice: IceServers | None = None,
    ) -> None:
        self._broken_after_s = broken_after_s
        self._open_parts, self._open_session = open_parts, open_session
        self._upgrading = Upgrading(upgrade) if upgrade is not None else None
        self._stun, self._times = stun, times
        self._media_hosts: tuple[str, ...] | None = None
        self._opened_parts: list[P] = []  # the last ones are those of calls that begin now
        self.metrics = Metrics(spans)
        self.state = Routes(
            setup,
            self.metrics,
            upgrading=self._upgrading,
            busy_s=self._busy_s,
            records=record is not None,
            keys=keys or ApiKeys(),
            ice=ice or IceServers(),
        )
        self._recordings = Recordings(record, self.state.version) if record is not None else None
        self.stop = asyncio.Event()

    def _busy_s(self) -> float:
        return max((parts.busy_s for parts in self._opened_parts), default=0.0)

    async def run(self, web: uvicorn.Server, listening: socket.socket, ready: Callable[[], None]) -> None:
        """Serves until `stop` is set. Raises what `open_parts` raises, and ServerBroken."""
        self._media_hosts = media_hosts(listening)
        with stray_tasks_reported(lambda: self.metrics.errors.labels("webrtc").inc()):
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(web.serve(sockets=[listening]), name="http")
                measuring = tasks.create_task(LoopLag(self.metrics).measure(), name="loop lag")
                try:
                    await self._take_calls(ready)
                finally:
                    self.state.status, self.state.calls, self.state.models = "stopping", None, None
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
                    self.state.models = self._served(parts, calls)
                    ready()
                    upgrading = asyncio.create_task(self._upgrade(calls), name="upgrade")
                    broken = await self._stopped_or_broken()
                    self.state.status = "stopping"
                    upgrading.cancel()
                    await asyncio.wait({upgrading})
                    if broken:
                        raise ServerBroken("A model's step does not return. The server process must be started again.")
        finally:
            for opened in self._opened_parts:
                opened.close()

    async def _stopped_or_broken(self) -> bool:
        """Waits for `stop`. Returns True if a model does not return first."""
        while not self.stop.is_set():
            if self._busy_s() > self._broken_after_s:
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self.stop.wait()
        return False

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
        self.state.models = self._served(parts, calls)
        self._set_capacity(calls.admission, parts)
        log.info("The language model is %s.", self.state.setup.llm_choice)
        calls.announce(READY)

    def _served(self, parts: P, calls: Calls) -> ServedModels:
        rtc = RtcHost(calls.adopt, self._stun, self._media_hosts)
        return ServedModels(cast(Any, parts), self.state.setup, calls.admission_queue, rtc)

    def _set_capacity(self, admission: Admission, parts: P) -> None:
        admission.capacity = capacity_of(parts, self.state.setup).sessions
        self.metrics.capacity.set(admission.capacity)

    def _calls(self) -> Calls:
        admission = Admission(1)
        self._set_capacity(admission, self._opened_parts[-1])
        return Calls(
            admission=admission,
            open_session=lambda name, start: self._open_session(name, self._opened_parts[-1], self.state.setup, start),
            greetings=self._greetings,
            metrics=self.metrics,
            stun=self._stun,
            times=self._times,
            hosts=self._media_hosts,
            recordings=self._recordings,
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
        upgrading, sees = notice is not None, setup.capabilities.sees
        greeting = hello(name, setup.name, self.state.version, setup.budget_s, upgrading=upgrading, sees=sees)
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
    open_session: Callable[[str, P, Setup, SessionStart], CallSession] | None = None,
    upgrade: Upgrade[P] | None = None,
    supervisor: SupervisorLink | None = None,
    record: Path | None = None,
    spans: Spans | None = None,
    keys: ApiKeys | None = None,
    ice: IceServers | None = None,
) -> None:
    """Serves until SIGINT, SIGTERM or cancellation; every call and thread has ended when it returns.

    `on_ready` is called with the URL to open once calls are taken. Off loopback the URL is HTTPS, with a certificate
    kept in `cache_dir`, and carries the access token. `open_session` makes a session from a name, the models,
    the setup and what it begins with, by default a stream.session.Session. `upgrade` makes better models while calls
    are taken. `supervisor` brings the listening socket of `host`. `record` is the folder for recordings of calls whose
    callers agree, `spans` get the record of every turn and are closed at the end. `keys` open the endpoints under /v1,
    `ice` are the servers that pages use to reach this one. Raises AssistantError that names the option to change,
    ServerBroken, and what `open_parts` raises.
    """
    token = checked_token(token) if token is not None else None
    listening, address = listen(host, port) if supervisor is None else (supervisor.listening, supervisor.address(host))
    try:
        with plain_errors():
            token = new_token() if token is None and not address.local else token
            service = Service(
                setup=setup,
                open_parts=open_parts,
                open_session=open_session or _session,
                stun=stun,
                upgrade=upgrade,
                record=record,
                spans=spans,
                keys=keys,
                ice=ice,
            )
            web = web_server(service.state, address, token, cache_dir)

            def ready() -> None:
                if supervisor is not None:
                    supervisor.is_ready()
                if on_ready is not None:
                    on_ready(address.url(token))

            with stopped_by_signals(service.stop):
                if supervisor is not None:
                    supervisor.when_lost(service.stop.set)
                await service.run(web, listening, ready)
    finally:
        listening.close()
        if spans is not None:
            await asyncio.to_thread(spans.close)


def _session(name: str, parts: Any, setup: Setup, start: SessionStart) -> CallSession:
    from stream.session.session import Session  # imports every model's library

    return Session(name=name, parts=parts, setup=setup, start=start)
