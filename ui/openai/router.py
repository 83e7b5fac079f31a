"""The routes of the endpoints, and what they answer when something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from dialogue.errors import AssistantError, BadInput, Busy
from ui.openai.errors import error_response, starting
from ui.openai.served_models import ServedModels

log = logging.getLogger(__name__)

Endpoint = Callable[[Request, ServedModels], Awaitable[Response]]

PATHS = ("/chat/completions", "/responses", "/audio/speech", "/audio/transcriptions")


def openai_router(models: Callable[[], ServedModels | None]) -> APIRouter:
    """The routes under /v1. `models` returns None while the models are not ready."""
    router = APIRouter(prefix="/v1")

    @router.get("/models")
    async def list_models() -> Response:
        served = models()
        return JSONResponse({"object": "list", "data": [_described(served)]}) if served is not None else starting()

    @router.get("/models/{name:path}")
    async def one_model(name: str) -> Response:
        served = models()
        if served is None:
            return starting()
        if name != served.name:
            return error_response(BadInput(f"There is no model {name[:100]!r} here; there is {served.name!r}."))
        return JSONResponse(_described(served))

    def route(path: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            served = models()
            return await _answered(_endpoints()[path], request, served) if served is not None else starting()

        return answer

    for path in PATHS:
        router.add_api_route(path, route(path), methods=["POST"], response_model=None)
    return router


async def _answered(endpoint: Endpoint, request: Request, served: ServedModels) -> Response:
    try:
        return await endpoint(request, served)
    except (BadInput, Busy, ValidationError) as error:
        return error_response(error)
    except AssistantError as error:
        log.error("A request failed: %s", error)
        return error_response(error)


def _endpoints() -> dict[str, Endpoint]:
    """The endpoints; imported late, because the models' libraries take seconds to import."""
    from ui.openai.chat_completions import chat_completions
    from ui.openai.responses import responses
    from ui.openai.speech import speech
    from ui.openai.transcriptions import transcriptions

    return dict(zip(PATHS, (chat_completions, responses, speech, transcriptions), strict=True))


def _described(served: ServedModels) -> dict[str, Any]:
    return {"id": served.name, "object": "model", "created": 0, "owned_by": "omnilive"}
