"""The HTTP requests that begin and end calls over WebRTC: OpenAI's Realtime and Live dialects."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dialogue.errors import BadInput, Busy
from ui.dialects.rtc_calls import RtcCalls
from ui.dialects.websocket import live_server
from ui.host.request_body import body_within
from ui.openai.api_keys import SECRET_DEFAULT_S, ApiKeys, authorization_in, bearer
from ui.openai.errors import error_response
from ui.openai.served_models import ServedModels
from ui.realtime.live.live_channel import LiveChannel
from ui.realtime.openai_realtime import OpenAiRealtime

LONGEST_BODY = 1024 * 1024  # bytes: an offer, and the configuration of a session
SDP = "application/sdp"
ANCHOR = "created_at"  # of the expiry of a secret: the only one there is


async def realtime_call(request: Request, models: ServedModels, keys: ApiKeys, calls: RtcCalls) -> Response:
    """POST /v1/realtime/calls: an offer as the body, or a form with an offer and a session."""
    try:
        sdp, session = await _form(request)
        token = bearer(authorization_in(request.headers))
        if session is None and (secret := keys.secret(token)) is not None:
            session = secret.session
        dialect = OpenAiRealtime(models.name, models.setup.capabilities, over_webrtc=True)
        if session is not None:
            dialect.session.update(session)
        call_id, answer = await calls.start(sdp, models, dialect, keys.key_for(token), configured=session is not None)
    except (BadInput, Busy) as error:
        return error_response(error)
    return Response(answer, 201, {"Location": f"/v1/realtime/calls/{call_id}"}, media_type=SDP)


async def live_call(request: Request, models: ServedModels, keys: ApiKeys, calls: RtcCalls) -> Response:
    """POST /v1/live/sessions: the configuration of a session, and an offer."""
    try:
        body = _json(await _body(request))
        transport = body.get("transport")
        if not isinstance(transport, Mapping) or transport.get("type") != "webrtc":
            raise BadInput('transport must be {"type": "webrtc", "sdp": the offer}.')
        dialect = LiveChannel(live_server(models), time.monotonic)
        session_id = dialect.start(body.get("session"))
        key = keys.key_for(bearer(authorization_in(request.headers)))
        sdp = transport.get("sdp")
        _, answer = await calls.start(sdp, models, dialect, key, configured=True, session_id=session_id)
    except (BadInput, Busy) as error:
        return error_response(error)
    return JSONResponse({"session": {"id": session_id}, "transport": {"type": "webrtc", "sdp": answer}}, 201)


async def new_client_secret(request: Request, models: ServedModels, keys: ApiKeys) -> Response:
    """POST /v1/realtime/client_secrets: a secret for a page, with the session that it opens."""
    try:
        body = await _body(request)
        asked = _json(body) if body else {}
        session, expiry = asked.get("session"), asked.get("expires_after") or {}
        dialect = OpenAiRealtime(models.name, models.setup.capabilities)
        if session is not None:
            dialect.session.update(session)
        seconds = expiry.get("seconds", SECRET_DEFAULT_S) if isinstance(expiry, Mapping) else None
        if isinstance(expiry, Mapping) and expiry.get("anchor", ANCHOR) != ANCHOR:
            raise BadInput(f"expires_after.anchor must be {ANCHOR!r}.")
        value, expires_at = keys.new_secret(bearer(authorization_in(request.headers)), session, seconds)
    except (BadInput, Busy) as error:
        return error_response(error)
    return JSONResponse({"value": value, "expires_at": expires_at, "session": dialect.session.described()})


def hang_up(call_id: str, calls: RtcCalls) -> Response:
    """POST /v1/realtime/calls/{id}/hangup."""
    return Response(status_code=200 if calls.hang_up(call_id) else 404)


async def _form(request: Request) -> tuple[str, Any]:
    """The offer and the session, None without one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == SDP:
        return (await _body(request)).decode("utf-8", "replace"), None
    if kind != "multipart/form-data":
        raise BadInput(f"The body must be an offer ({SDP}), or a form with the fields sdp and session.")
    async with request.form(max_files=2, max_fields=4, max_part_size=LONGEST_BODY) as form:
        fields = {name: await _text(form.get(name)) for name in ("sdp", "session")}
    if fields["sdp"] is None:
        raise BadInput("The form has no field sdp.")
    return fields["sdp"], _json(fields["session"].encode()) if fields["session"] is not None else None


async def _text(field: Any) -> str | None:
    """A field that is sent as text or as a file."""
    if field is None or isinstance(field, str):
        return field
    data: bytes = await field.read(LONGEST_BODY)
    return data.decode("utf-8", "replace")


async def _body(request: Request) -> bytes:
    body = await body_within(request, LONGEST_BODY)
    if body is None:
        raise BadInput(f"The body has at most {LONGEST_BODY // 1024} kB.")
    return body


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        posted = None
    if not isinstance(posted, Mapping):
        raise BadInput("The session, and a body that is not an offer, must be a JSON object.")
    return posted
