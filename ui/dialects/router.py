"""The routes of the realtime dialects."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, WebSocket
from starlette.responses import JSONResponse, Response

from ui.openai.api_keys import ApiKeys
from ui.openai.errors import starting
from ui.openai.served_models import ServedModels

if TYPE_CHECKING:  # imports the models' libraries, as do the other modules of this folder
    from ui.dialects.rtc_calls import RtcCalls
    from ui.dialects.running_sessions import RunningSessions


class _Late:
    """What is made at the first call, because its libraries take seconds to import."""

    @cached_property
    def calls(self) -> RtcCalls:
        from ui.dialects.rtc_calls import RtcCalls

        return RtcCalls(self.sessions)

    @cached_property
    def sessions(self) -> RunningSessions:
        from ui.dialects.running_sessions import RunningSessions

        return RunningSessions()


def _counted(websocket: WebSocket, counted_as: Callable[[str], str | None]) -> str | None:
    """The key by which a client's address is counted in the queue, None for an exempt one."""
    return counted_as(websocket.client.host) if websocket.client else None


def dialect_router(
    models: Callable[[], ServedModels | None], keys: ApiKeys, counted_as: Callable[[str], str | None]
) -> APIRouter:
    """The routes under /v1. `models` returns None while the models are not ready; `counted_as` is as in `_counted`."""
    router, late = APIRouter(prefix="/v1"), _Late()

    @router.get("/openapi.json")
    async def description() -> Response:
        from ui.dialects.openapi import openapi

        return JSONResponse(openapi())

    @router.websocket("/realtime")
    async def realtime(websocket: WebSocket) -> None:
        from ui.dialects.websocket import realtime_socket

        await realtime_socket(websocket, models(), keys, _counted(websocket, counted_as), late.sessions)

    @router.websocket("/live/sessions")
    async def live(websocket: WebSocket) -> None:
        from ui.dialects.websocket import live_socket

        await live_socket(websocket, models(), keys, _counted(websocket, counted_as), late.sessions)

    @router.websocket("/live/sessions/{session_id}/attach")
    async def attach(websocket: WebSocket, session_id: str) -> None:
        from ui.dialects.websocket import attach_socket

        await attach_socket(websocket, keys, late.sessions, session_id)

    @router.post("/realtime/calls", response_model=None)
    async def call(request: Request) -> Response:
        from ui.dialects.rtc_endpoints import realtime_call

        served = models()
        return await realtime_call(request, served, keys, late.calls) if served is not None else starting()

    @router.post("/realtime/client_secrets", response_model=None)
    async def client_secret(request: Request) -> Response:
        from ui.dialects.rtc_endpoints import new_client_secret

        served = models()
        return await new_client_secret(request, served, keys) if served is not None else starting()

    @router.post("/realtime/calls/{call_id}/hangup", response_model=None)
    async def hangup(call_id: str) -> Response:
        from ui.dialects.rtc_endpoints import hang_up

        return hang_up(call_id, late.calls)

    @router.post("/live/sessions", response_model=None)
    async def live_over_webrtc(request: Request) -> Response:
        from ui.dialects.rtc_endpoints import live_call

        served = models()
        return await live_call(request, served, keys, late.calls) if served is not None else starting()

    return router
