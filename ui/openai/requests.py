"""Reads the bodies of requests: JSON of a bounded size, and messages in OpenAI's shape."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from dialogue.errors import BadInput
from ui.host.request_body import body_within
from ui.openai.call_history import CallHistory
from ui.realtime.sound import VIDEO_URL, data_from_url, picture_from_url

T = TypeVar("T")

LONGEST_BODY = 64_000_000  # bytes: some photos as base64
# OpenAI's roles; a developer's message is a system message.
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


async def posted_json(request: Request) -> Any:
    """The body as JSON. Raises BadInput when it is too large or is not JSON."""
    body = await body_within(request, LONGEST_BODY)
    if body is None:
        raise BadInput(f"A request has at most {LONGEST_BODY // 1_000_000} MB; send smaller pictures or recordings.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The request body is not JSON.") from None


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client goes away. Call it once the body was read."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


def history_of(messages: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The messages, or the items of a response's input, as `ui.api.attachments.read_history` takes them. Raises
    BadInput that names the one at fault."""
    history = CallHistory()
    for number, message in enumerate(messages, 1):
        kind, role = (message.get("type"), message.get("role")) if isinstance(message, Mapping) else (None, None)
        calls = message.get("tool_calls") if role == "assistant" else None
        if kind == "function_call":
            history.call(message.get("call_id"), message)
        elif kind == "function_call_output":
            history.result(message.get("call_id"), _result(message.get("output")))
        elif role == "tool":
            history.result(message.get("tool_call_id"), _result(message.get("content")))
        elif not calls or message.get("content"):
            history.add(_message(number, message))
        for call in calls if isinstance(calls, list) else []:
            one = call if isinstance(call, Mapping) else {}
            history.call(one.get("id"), one.get("function"))
    history.end()
    return history.messages


def _result(content: Any) -> Any:
    """The text of a function's result, which may come in parts."""
    if not isinstance(content, list):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))


def _message(number: int, message: Any) -> Mapping[str, Any]:
    if not isinstance(message, Mapping) or message.get("role") not in ROLES:
        raise BadInput(f"Message {number} must have one of the roles {', '.join(ROLES)}.")
    content = message.get("content")
    parts = [content] if isinstance(content, str) else content
    if not isinstance(parts, list) or not parts:
        raise BadInput(f"Message {number} must have a content: text, or a list of parts.")
    return {"role": ROLES[message["role"]], "content": [_part(number, part) for part in parts]}


def _part(number: int, part: Any) -> Any:
    kind = part.get("type") if isinstance(part, Mapping) else None
    match kind:
        case None if isinstance(part, str):
            return part
        case "text" | "input_text" | "output_text" if isinstance(part.get("text"), str):
            return part["text"]
        case "image_url" | "input_image":
            address = part.get("image_url")
            url = address.get("url") if isinstance(address, Mapping) else address
            return {"type": "image", "image": picture_from_url(url, "image_url")}
        case "input_audio" if isinstance(part.get("input_audio"), Mapping):
            return {"type": "audio", "audio": _decoded(part["input_audio"].get("data"))}
        case "video_url" | "input_video":
            address = part.get("video_url")
            url = address.get("url") if isinstance(address, Mapping) else address
            return {"type": "video", "video": data_from_url(url, "video_url", VIDEO_URL, LONGEST_BODY)}
    kinds = "text, image_url, input_audio or video_url"
    raise BadInput(f"Message {number} has a part that is not {kinds}: {str(part)[:100]}.")


def _decoded(data: Any) -> bytes:
    try:
        return base64.b64decode(data if isinstance(data, str) else "?", validate=True)
    except binascii.Error:
        raise BadInput("The data of an input_audio part is not base64.") from None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
