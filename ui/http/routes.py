"""The HTTP routes: the page, calls, health and metrics. See docs/wire.md."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request, WebSocket
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from dialogue.errors import AssistantError, BadInput, Busy
from dialogue.memory.kept_memory import KeptMemory
from stream.models.setup import Setup
from stream.session.step_watch import STEP_LIMIT_S
from ui.call.call_request import TakenOver, read_request
from ui.call.caller_limits import TooFast
from ui.call.calls import Calls, Stopping
from ui.call.metrics import Metrics
from ui.call.path_request import NoSuchCall, change_path
from ui.call.waiting_line import ASK_EVERY_S, InLine
from ui.dialects.router import dialect_router
from ui.host.privacy import sent_elsewhere
from ui.host.request_body import body_within
from ui.host.version import product_version
from ui.http.call_socket import carry
from ui.http.connection_limits import counted_as
from ui.http.guard import CALL_SOCKET, refusal, retry_after
from ui.http.memory_routes import memory_router
from ui.http.show_routes import show_router
from ui.http.upgrading import Upgrading
from ui.http.voice_routes import voice_router
from ui.openai.api_keys import ApiKeys
from ui.openai.router import openai_router
from ui.openai.served_models import ServedModels
from ui.rtc.ice_servers import IceServers

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent.parent / "page"
LONGEST_BODY = 256 * 1024  # bytes; an offer is less than 10,000
BUSY_RETRY_S = 10
STARTING_RETRY_S = 2
STUCK_RETRY_S = 10


@dataclass
class Routes:
    """The state of a server that its routes use; `calls` is set while the server takes calls."""

    setup: Setup
    metrics: Metrics
    status: Literal["starting", "ok", "stopping"] = "starting"
    calls: Calls | None = None
    version: str = field(default_factory=product_version)
    upgrading: Upgrading[Any] | None = None
    models: ServedModels | None = None  # for requests outside calls
    ice: IceServers = field(default_factory=IceServers)  # for the page
    keys: ApiKeys = field(default_factory=ApiKeys)  # of the endpoints under /v1
    busy_s: Callable[[], float] = lambda: 0.0  # for how long a model's present step has been running
    records: bool = False  # calls whose callers agree

    @property
    def health(self) -> str:
        """The status, or "stuck" while a step of a model does not return."""
        return "stuck" if self.status == "ok" and self.busy_s() > STEP_LIMIT_S else self.status


def application(state: Routes, page: Path = PAGE) -> FastAPI:
    """The routes of one server."""
    app = FastAPI(title="omnilive", openapi_url=None)

    @app.post("/call")
    async def call(request: Request) -> Response:
        answer = await _call(state, request)
        outcome = "answered" if answer.status_code == 200 else f"refused_{answer.status_code}"
        state.metrics.calls.labels(outcome).inc()
        return answer

    @app.post("/call/path")
    async def call_path(request: Request) -> Response:
        return await _path(state, request)

    @app.websocket(CALL_SOCKET + "{ticket}")
    async def call_socket(websocket: WebSocket, ticket: str) -> None:
        await carry(websocket, state.calls.socket(ticket) if state.calls is not None else None)

    @app.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse(_health(state), 200 if state.health == "ok" else 503)

    @app.get("/ice")
    async def ice() -> Response:
        return JSONResponse({"iceServers": state.ice.for_browser(time.time())})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/")
    async def index() -> Response:
        return FileResponse(page / "index.html")

    if state.setup.remember is not None:
        app.include_router(memory_router(KeptMemory(state.setup.remember), page))

    app.include_router(voice_router(lambda: state.models))
    app.include_router(show_router(lambda: state.calls))
    app.include_router(openai_router(lambda: state.models))
    app.include_router(dialect_router(lambda: state.models, state.keys, counted_as))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        return refusal(
            error.status_code, "no_such_page", f"{request.method} {request.url.path[:100]} is not served here."
        )

    @app.exception_handler(ClientDisconnect)
    async def broken_off(request: Request, error: ClientDisconnect) -> Response:
        return refusal(408, "broken_off", "The request did not arrive completely in time. Please send it again.")

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        state.metrics.errors.labels("broken").inc()
        return refusal(500, "broken", "The server failed; its log has the reason. Please try again.")

    app.mount("/page", StaticFiles(directory=page), name="page")
    return app


def _health(state: Routes) -> dict[str, object]:
    admission = state.calls.admission if state.calls is not None else None
    health: dict[str, object] = {
        "status": state.health,
        "setup": state.setup.name,
        "sessions": admission.taken if admission else 0,
        "capacity": admission.capacity if admission else state.setup.capacity,
        "version": state.version,
    }
    if state.setup.remember is not None:
        health["remembers"] = True
    if state.records:
        health["records"] = True
    if (sent := sent_elsewhere(state.setup)) is not None:
        health["sends"] = sent
    if state.setup.llm_choice:
        health["llm"] = state.setup.llm_choice
    if state.upgrading is not None and state.upgrading.under_way:
        health["upgrade"] = round(state.upgrading.done, 2)
    return health


async def _call(state: Routes, request: Request) -> Response:
    """The answer to an offer, or a refusal that says what to do."""
    if state.status == "stopping":
        return refusal(503, "stopping", "This server is shutting down. Please call again when it is back.")
    if state.health == "stuck":
        advice = "A model on this server does not answer at present. Please try again in a moment."
        return refusal(503, "stuck", advice, headers=retry_after(STUCK_RETRY_S))
    try:
        body = await _body(request)
        if body is None:
            return refusal(413, "too_large", f"An offer must have at most {LONGEST_BODY // 1024} kB.")
        asked = read_request(body, counted_as(request.client.host) if request.client else None)
        if state.calls is None:
            advice = "The models are still being loaded. Please try again in a few seconds."
            return refusal(503, "starting", advice, headers=retry_after(STARTING_RETRY_S))
        answered = await state.calls.start(asked)
    except BadInput as error:
        return _refuse(state, 400, "bad_offer", error)
    except TakenOver as error:
        return refusal(409, "taken_over", str(error))
    except TooFast as error:
        return _refuse(state, 429, "too_fast", error, retry_after(error.retry_s))
    except InLine as error:
        state.metrics.errors.labels("busy").inc()
        queue = {"ticket": error.ticket, "position": error.position, "wait_s": error.wait_s}
        return refusal(503, "busy", str(error), headers=retry_after(ASK_EVERY_S), more={"queue": queue})
    except Busy as error:
        return _refuse(state, 503, "busy", error, retry_after(BUSY_RETRY_S))
    except Stopping as error:
        return _refuse(state, 503, "stopping", error)
    except AssistantError as error:
        log.error("A session could not be opened: %s", error)
        return _refuse(state, 500, "broken", error)
    connect = {"sdp": answered.connect, "type": "answer"}
    if asked.offer is None:
        connect = {"socket": f"{CALL_SOCKET}{answered.connect}"}
    return JSONResponse(
        {
            **connect,
            "session": answered.session,
            "resume": answered.token,
            "first": answered.first,
            "resumed": answered.resumed,
            "restored": answered.restored,
        }
    )


async def _path(state: Routes, request: Request) -> Response:
    """The answer to a page whose call is to go over another path."""
    try:
        body = await _body(request)
        if body is None:
            return refusal(413, "too_large", f"An offer must have at most {LONGEST_BODY // 1024} kB.")
        return JSONResponse(await change_path(state.calls, body))
    except NoSuchCall as error:
        return refusal(404, "no_such_call", str(error))
    except BadInput as error:
        return _refuse(state, 400, "bad_path", error)


def _refuse(
    state: Routes, status: int, code: str, error: AssistantError, headers: Mapping[str, str] | None = None
) -> Response:
    state.metrics.errors.labels(code).inc()
    return refusal(status, code, str(error), headers=headers)


async def _body(request: Request) -> Mapping[str, object] | None:
    """The posted JSON object; None if it is too large, by its Content-Length or by its bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > LONGEST_BODY:
        return None
    body = await body_within(request, LONGEST_BODY)
    if body is None:
        return None
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The request body is not JSON.") from None
    if not isinstance(posted, dict):
        raise BadInput('The request body must be {"sdp": the offer as text, "type": "offer"}.')
    return posted
