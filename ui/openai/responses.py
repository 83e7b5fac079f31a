"""POST /v1/responses: text and pictures in, text and calls of functions out, whole or streamed. Nothing is stored."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dialogue.errors import AssistantError, BadInput
from dialogue.llm.generation_config import GenerationConfig
from stream.requests.chat_requests import RequestOptions
from ui.openai.answers import CalledFunction, ChatAnswer, functions_in
from ui.openai.chat_completions import EVENTS, begun, event
from ui.openai.errors import error_body
from ui.openai.requests import history_of, posted_json, unless_disconnected
from ui.openai.served_models import ServedModels

Event = tuple[str, dict[str, Any]]  # its type, and its fields


class ResponsesBody(BaseModel):
    """The fields that have an effect; others are accepted and have none."""

    model_config = ConfigDict(extra="ignore")

    input: str | list[Any]
    instructions: str | None = None
    stream: bool = False
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    max_output_tokens: int | None = Field(None, ge=1)
    previous_response_id: str | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None

    def history(self) -> list[Mapping[str, Any]]:
        """The messages. Raises BadInput for what no model here does."""
        if self.previous_response_id is not None:
            raise BadInput("This server stores no responses: send the whole conversation as input.")
        items = [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input
        system = [{"role": "system", "content": self.instructions}] if self.instructions else []
        return history_of([*system, *items])


async def responses(request: Request, models: ServedModels) -> Response:
    """The response to the input. Raises BadInput, Busy, ValidationError, and what the engine raises."""
    body = ResponsesBody.model_validate(await posted_json(request))
    most = body.max_output_tokens
    generation = GenerationConfig(temperature=body.temperature, top_p=body.top_p or None, max_new_tokens=most)
    functions = functions_in(body.tools, body.tool_choice)
    answer = ChatAnswer(models=models, history=body.history(), options=RequestOptions(generation), functions=functions)
    made = _Made(models.name, body)
    if body.stream:
        return StreamingResponse(await begun(made.events(answer)), media_type=EVENTS)
    text = await unless_disconnected(request, answer.whole())
    return JSONResponse(made.response("completed", text, answer))


class _Made:
    """The response object of one request, and its events."""

    def __init__(self, model: str, body: ResponsesBody) -> None:
        self._message = f"msg_{secrets.token_hex(12)}"
        self._head: dict[str, Any] = {
            "id": f"resp_{secrets.token_hex(12)}",
            "object": "response",
            "created_at": int(time.time()),
            "model": model,
            "instructions": body.instructions,
            "temperature": body.temperature,
            "top_p": body.top_p,
            "max_output_tokens": body.max_output_tokens,
            "parallel_tool_calls": False,
            "tool_choice": body.tool_choice or "auto",
            "tools": body.tools or [],
            "metadata": {},
            "error": None,
            "incomplete_details": None,
        }

    def response(self, status: str, text: str | None = None, answer: ChatAnswer | None = None) -> dict[str, Any]:
        call = answer.call if answer is not None else None
        output = [] if text is None or (call and not text) else [self._item("completed", [_part(text)])]
        output += [_called(call)] if call is not None else []
        return {**self._head, "status": status, "output": output, "usage": _usage(answer)}

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._message, "type": "message", "role": "assistant", "status": status, "content": content}

    async def events(self, answer: ChatAnswer) -> AsyncGenerator[str, None]:
        numbers, said = count(), ""

        def sent(kind: str, **data: Any) -> str:
            return event({"type": kind, "sequence_number": next(numbers), **data}, kind)

        try:
            async with aclosing(answer.pieces()) as pieces:
                async for piece in pieces:
                    if not said:
                        for kind, data in (*self._begun(), *self._opened()):
                            yield sent(kind, **data)
                    said += piece
                    yield sent("response.output_text.delta", **self._place, delta=piece, logprobs=[])
        except AssistantError as error:
            if not said:
                raise
            details = error_body(error)[1]["error"]
            failed = {**self.response("failed", said), "error": {"code": "server_error", "message": details["message"]}}
            yield sent("response.failed", response=failed)
            return
        for kind, data in [] if said else self._begun():
            yield sent(kind, **data)
        if said or answer.call is None:
            for kind, data in [*([] if said else self._opened()), *self._closed(said)]:
                yield sent(kind, **data)
        if answer.call is not None:
            for kind, data in _calling(answer.call, int(bool(said))):
                yield sent(kind, **data)
        yield sent("response.completed", response=self.response("completed", said, answer))

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._message, "output_index": 0, "content_index": 0}

    def _begun(self) -> list[Event]:
        head = {"response": self.response("in_progress")}
        return [("response.created", head), ("response.in_progress", head)]

    def _opened(self) -> list[Event]:
        return [
            ("response.output_item.added", {"output_index": 0, "item": self._item("in_progress", [])}),
            ("response.content_part.added", {**self._place, "part": _part("")}),
        ]

    def _closed(self, said: str) -> list[Event]:
        return [
            ("response.output_text.done", {**self._place, "text": said, "logprobs": []}),
            ("response.content_part.done", {**self._place, "part": _part(said)}),
            ("response.output_item.done", {"output_index": 0, "item": self._item("completed", [_part(said)])}),
        ]


def _calling(call: CalledFunction, index: int) -> list[Event]:
    """The events of a call, which is item `index` of the output."""
    item = _called(call)
    at, of_item = {"output_index": index}, {"output_index": index, "item_id": item["id"]}
    return [
        ("response.output_item.added", {**at, "item": {**item, "status": "in_progress", "arguments": ""}}),
        ("response.function_call_arguments.delta", {**of_item, "delta": call.arguments}),
        ("response.function_call_arguments.done", {**of_item, "name": call.name, "arguments": call.arguments}),
        ("response.output_item.done", {**at, "item": item}),
    ]


def _called(call: CalledFunction) -> dict[str, Any]:
    head = {"id": f"fc_{call.call_id}", "type": "function_call", "status": "completed"}
    return {**head, "call_id": call.call_id, "name": call.name, "arguments": call.arguments}


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(answer: ChatAnswer | None) -> dict[str, Any] | None:
    if answer is None or answer.tokens is None:
        return None
    read, written = answer.tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
