"""Errors as OpenAI's API reports them: {"error": {"message", "type", "param", "code"}}."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from dialogue.errors import BadInput, Busy

RETRY_S = 2


def error_body(error: Exception) -> tuple[int, dict[str, Any]]:
    """The status and the body for an error of a request."""
    match error:
        case ValidationError():
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(map(str, first["loc"]))
            return 400, _body(f"{name or 'The body'}: {first['msg']}.", "invalid_request_error", param=name or None)
        case BadInput():
            return 400, _body(str(error), "invalid_request_error")
        case Busy():
            return 429, _body(str(error), "rate_limit_error", code="rate_limit_exceeded")
        case _:
            return 500, _body(str(error) or "The model failed; the server's log has the reason.", "server_error")


def error_response(error: Exception) -> Response:
    """The answer to a request that failed before anything was sent."""
    status, body = error_body(error)
    return JSONResponse(body, status, {"Retry-After": str(RETRY_S)} if status == 429 else None)


def starting() -> Response:
    """The answer while the models are being loaded, or when the server stops."""
    body = _body("The models are not ready. Please try again in a few seconds.", "server_error", code="unavailable")
    return JSONResponse(body, 503, {"Retry-After": str(RETRY_S)})


def _body(message: str, kind: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
