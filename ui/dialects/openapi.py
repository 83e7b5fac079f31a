"""The description of the endpoints under /v1 as OpenAPI 3.1. The schemas of bodies are those that check requests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ui.host.version import product_version
from ui.openai.api_keys import SECRET_S
from ui.openai.chat_completions import EVENTS, ChatBody
from ui.openai.responses import ResponsesBody
from ui.openai.speech import SpeechBody

JSON, SDP, FORM = "application/json", "application/sdp", "multipart/form-data"
SOUNDS = ("audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm")
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "object", "required": ["message"]}}}
OBJECT = {"type": "object"}
MODEL = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {"id": {"type": "string"}, "object": {"const": "model"}, "owned_by": {"type": "string"}},
}
RECORDING = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "response_format": {"enum": ["json", "text", "srt", "vtt", "verbose_json"]},
        "language": {"enum": ["en"]},
        "stream": {"enum": ["true", "false"]},
    },
}


class SecretExpiry(BaseModel):
    anchor: Literal["created_at"] = "created_at"
    seconds: int = Field(default=600, ge=SECRET_S[0], le=SECRET_S[1])


class SecretBody(BaseModel):
    expires_after: SecretExpiry = SecretExpiry()
    session: dict[str, Any] | None = None


class RtcTransport(BaseModel):
    type: Literal["webrtc"]
    sdp: str


class LiveBody(BaseModel):
    session: dict[str, Any]
    transport: RtcTransport


def openapi() -> dict[str, Any]:
    """The whole description. WebSockets, which OpenAPI cannot describe, are in docs/guide/realtime.md."""
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "omnilive", "version": product_version()},
        "components": {"securitySchemes": {"key": bearer}},
        "security": [{}, {"key": []}],
        "paths": {
            "/v1/models": {"get": _operation({"200": _json({"type": "object", "required": ["data"]})})},
            "/v1/models/{name}": {"get": {**_operation({"200": _json(MODEL)}), "parameters": [_named("name")]}},
            "/v1/chat/completions": {"post": _posted(ChatBody, {"200": _json(OBJECT, EVENTS)})},
            "/v1/responses": {"post": _posted(ResponsesBody, {"200": _json(OBJECT, EVENTS)})},
            "/v1/audio/speech": {"post": _posted(SpeechBody, {"200": _content(*SOUNDS)})},
            "/v1/audio/transcriptions": {
                "post": _operation(
                    {"200": _json(OBJECT, "text/plain", "application/x-subrip", "text/vtt", EVENTS)},
                    {FORM: {"schema": RECORDING}},
                )
            },
            "/v1/realtime/client_secrets": {"post": _posted(SecretBody, {"200": _json(OBJECT)}, required=False)},
            "/v1/realtime/calls": {
                "post": _operation({"201": _content(SDP)}, {SDP: {"schema": {"type": "string"}}}),
            },
            "/v1/realtime/calls/{call_id}/hangup": {
                "post": {
                    "responses": {"200": {"description": "It ends."}, "404": {"description": "There is none."}},
                    "parameters": [_named("call_id")],
                }
            },
            "/v1/live/sessions": {"post": _posted(LiveBody, {"201": _json(OBJECT)})},
        },
    }


def _posted(body: type[BaseModel], responses: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    operation: dict[str, Any] = _operation(responses, {JSON: {"schema": _inlined(schema)}}, required=required)
    return operation


def _operation(responses: dict[str, Any], body: dict[str, Any] | None = None, *, required: bool = True) -> Any:
    """`responses` are those of success; an error always has the same form."""
    refused = {code: _json(ERROR) for code in ("400", "401", "429", "500", "503")}
    described = {"responses": {**responses, **refused}}
    return described if body is None else {**described, "requestBody": {"required": required, "content": body}}


def _json(schema: Any, *others: str) -> dict[str, Any]:
    return {"description": "", "content": {JSON: {"schema": schema}, **{kind: {} for kind in others}}}


def _content(*kinds: str) -> dict[str, Any]:
    return {"description": "", "content": {kind: {} for kind in kinds}}


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _inlined(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """The schema with its definitions in their places."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    known = schema.get("$defs", definitions or {})
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
    return {name: _inlined(value, known) for name, value in schema.items() if name != "$defs"}
