"""The WebSocket endpoints of the realtime dialects: chooses the dialect, waits for a place, runs the session."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from dialogue.engine import Capabilities
from dialogue.errors import Busy
from ui.call.waiting_line import InLine
from ui.dialects.connection import DialectConnection
from ui.dialects.running_sessions import RunningSessions
from ui.dialects.sideband import WireClosed
from ui.openai.api_keys import ApiKey, ApiKeys, authorization_in, bearer
from ui.openai.served_models import ServedModels
from ui.realtime import minicpm_realtime
from ui.realtime.dialect import Dialect, Message
from ui.realtime.live.live_config import LiveServer
from ui.realtime.live.live_session import LiveSession
from ui.realtime.minicpm_realtime import MiniCpmRealtime
from ui.realtime.openai_event import error_event
from ui.realtime.openai_realtime import OpenAiRealtime

PROTOCOLS = (minicpm_realtime.PROTOCOL, "realtime")
NORMAL, POLICY_VIOLATION, TRY_AGAIN_LATER = 1000, 1008, 1013
YEAR_S = 365 * 24 * 3600
NO_SESSION = "No session of this id is running for this key."
STARTING = "The models are not ready. Please try again in a few seconds."


class WebSocketWire:
    """The messages of one WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            raise WireClosed
        text: str | bytes = message.get("text") or message.get("bytes") or ""
        return text

    async def send(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):  # RuntimeError: it is closed
            raise WireClosed from None

    async def close(self, code: int) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code)


async def realtime_socket(
    websocket: WebSocket, models: ServedModels | None, keys: ApiKeys, client: str | None, running: RunningSessions
) -> None:
    """Runs one connection to /v1/realtime to its end. `client` is counted in the queue; None is exempt.

    The subprotocol or the parameter `mode` distinguishes the dialects; `call_id` attaches to a call over WebRTC.
    """
    if (call_id := websocket.query_params.get("call_id")) is not None:
        await attach_socket(websocket, keys, running, call_id)
        return
    token = bearer(authorization_in(websocket.headers))
    secret = keys.secret(token)
    offered, mode = websocket.scope.get("subprotocols", []), websocket.query_params.get("mode")
    await websocket.accept(subprotocol=next((name for name in offered if name in PROTOCOLS), None))
    dialect: Dialect
    if mode is not None or minicpm_realtime.PROTOCOL in offered:
        dialect = MiniCpmRealtime(mode)
    else:
        dialect = realtime = OpenAiRealtime(models.name if models is not None else "", _abilities(models))
        if secret is not None and secret.session is not None:
            realtime.session.update(secret.session)
    await run_dialect(WebSocketWire(websocket), models, dialect, keys.key_for(token), client)


async def live_socket(
    websocket: WebSocket, models: ServedModels | None, keys: ApiKeys, client: str | None, running: RunningSessions
) -> None:
    """Runs one connection to /v1/live/sessions to its end."""
    await websocket.accept()
    key = keys.key_for(bearer(authorization_in(websocket.headers)))
    dialect = LiveSession(live_server(models), time.monotonic)

    def held(connection: DialectConnection) -> AbstractContextManager[None]:
        return running.holding(dialect.session_id, connection, key)

    await run_dialect(WebSocketWire(websocket), models, dialect, key, client, held)


async def attach_socket(websocket: WebSocket, keys: ApiKeys, running: RunningSessions, session_id: str) -> None:
    """Runs a trusted server beside a running session. A page's secret, or another key, finds none."""
    token = bearer(authorization_in(websocket.headers))
    found = running.find(session_id, keys.key_for(token)) if keys.secret(token) is None else None
    await websocket.accept()
    wire = WebSocketWire(websocket)
    if found is None:
        with suppress(WireClosed):
            await wire.send(json.dumps(error_event(NO_SESSION, None, code="session_not_found")))
        await wire.close(POLICY_VIOLATION)
        return
    await found.attach(wire)
    await wire.close(NORMAL)


async def run_dialect(
    wire: WebSocketWire,
    models: ServedModels | None,
    dialect: Dialect,
    key: ApiKey,
    client: str | None,
    held: Callable[[DialectConnection], AbstractContextManager[None]] = lambda _connection: nullcontext(),
) -> None:
    """Runs an accepted connection: waits for a place where the dialect has a queue, refuses the client else. The
    connection runs inside the context of `held`."""

    async def send(messages: list[Message]) -> None:
        for message in messages:
            await wire.send(json.dumps(message))

    async def report(waiting: InLine, length: int) -> None:
        await send(dialect.waiting(waiting.position, waiting.wait_s, length) or [])

    queues = dialect.waiting(1, None, 1) is not None
    code = NORMAL
    with suppress(WireClosed):
        try:
            if models is None:
                raise Busy(STARTING)
            with key.session() as left_s:
                async with models.admission_queue.held(client, report if queues else None):
                    connection = DialectConnection(wire=wire, models=models, dialect=dialect)
                    with held(connection):
                        await connection.run(left_s)
                code = POLICY_VIOLATION if connection.too_slow else NORMAL
        except Busy as error:
            code = TRY_AGAIN_LATER
            await send([dialect.failed(str(error), "server_busy" if models is not None else "unavailable")])
    await wire.close(code)


def live_server(models: ServedModels | None) -> LiveServer:
    """What the server offers a Live session."""
    larger = models is not None and models.parts.delegate is not None
    return LiveServer(_abilities(models), larger, expires_at=round(time.time()) + YEAR_S)


def _abilities(models: ServedModels | None) -> Capabilities:
    """What the model can do; nothing while there is none."""
    return models.setup.capabilities if models is not None else Capabilities(hears=False, sees=False, speaks=False)
