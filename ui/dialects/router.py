"""The routes of the realtime dialects."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, WebSocket

from ui.openai.served_models import ServedModels


def dialect_router(models: Callable[[], ServedModels | None], counted_as: Callable[[str], str | None]) -> APIRouter:
    """The routes under /v1. `models` returns None while the models are not ready; `counted_as` is the key by which a
    client's address is counted in the queue, None for an exempt one."""
    router = APIRouter(prefix="/v1")

    @router.websocket("/realtime")
    async def realtime(websocket: WebSocket) -> None:
        from ui.dialects.websocket import realtime_socket  # imports the models' libraries

        await realtime_socket(websocket, models(), counted_as(websocket.client.host) if websocket.client else None)

    @router.websocket("/live/sessions")
    async def live(websocket: WebSocket) -> None:
        from ui.dialects.websocket import live_socket  # imports the models' libraries

        await live_socket(websocket, models(), counted_as(websocket.client.host) if websocket.client else None)

    return router
