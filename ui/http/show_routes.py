"""POST /call/SESSION/show/NUMBER?name=: a page shows a file in its call. See docs/wire.md."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from dialogue.errors import BadInput
from ui.call.calls import Calls
from ui.call.uploads import UploadTooLarge
from ui.http.guard import refusal

OF_CALL = "omnilive-call"  # the header with the secret of the call


def show_router(calls: Callable[[], Calls | None]) -> APIRouter:
    router = APIRouter()

    @router.post("/call/{session}/show/{number}")
    async def show(session: str, number: str, request: Request) -> Response:
        running = calls()
        call = running.of_page(session, request.headers.get(OF_CALL, "")) if running is not None else None
        if running is None or call is None:
            return refusal(404, "no_such_call", "This call is over. Start a new one, then show it again.")
        if not number.isdecimal() or len(number) > 6 or not call.shown.may_have(int(number)):
            return refusal(400, "bad_number", "Each file of a call has a number of its own.")
        announced = request.headers.get("content-length", "")
        name = unquote(request.query_params.get("name", ""))
        try:
            path = await running.uploads.save(
                call.name, int(number), name, int(announced) if announced.isdecimal() else 0, request.stream()
            )
        except UploadTooLarge as error:
            return refusal(413, "too_large", str(error))
        except BadInput as error:
            return refusal(400, "bad_file", str(error))
        call.shown.show(int(number), path)
        return JSONResponse({"number": int(number)})

    return router
