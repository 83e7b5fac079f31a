"""POST /v1/responses: text and pictures in, text out, whole or streamed. Nothing is stored."""

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
from ui.openai.answers import ChatAnswer
from ui.openai.chat_completions import EVENTS, begun, event
from ui.openai.errors import error_body
from ui.openai.requests import history_of, posted_json, unless_disconnected
from ui.openai.served_models import ServedModels


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

    def history(self) -> list[Mapping[str, Any]]:
        """The messages. Raises BadInput for what no model here does."""
        if self.previous_response_id is not None:
            raise BadInput("This server stores no responses: send the whole conversation as input.")
        if self.tools:
            raise BadInput("This server does not call the functions of a client; leave out tools.")
        items = [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input
        system = [{"role": "system", "content": self.instructions}] if self.instructions else []
        return history_of([*system, *items])


async def responses(request: Request, models: ServedModels) -> Response:
    """The response to the input. Raises BadInput, Busy, ValidationError, and what the engine raises."""
    body = ResponsesBody.model_validate(await posted_json(request))
    most = body.max_output_tokens
    generation = GenerationConfig(temperature=body.temperature, top_p=body.top_p or None, max_new_tokens=most)
    answer = ChatAnswer(models=models, history=body.history(), options=RequestOptions(generation))
    made = _Made(models.name, body)
    if body.stream:
        return StreamingResponse(await begun(made.events(answer)), media_type=EVENTS)
    text = await unless_disconnected(request, answer.whole())
    return JSONResponse(made.response("completed", text, answer))


class _Made:
    """The response object of one request, and its events."""

    def __init__(self, model: str, body: ResponsesBody) -> None:
        self._message = f"msg_{secrets.token_hex(12)}"
        self._head = {
            "id": f"resp_{secrets.token_hex(12)}",
            "object": "response",
            "created_at": int(time.time()),
            "model": model,
            "instructions": body.instructions,
            "temperature": body.temperature,
            "top_p": body.top_p,
            "max_output_tokens": body.max_output_tokens,
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "metadata": {},
            "error": None,
            "incomplete_details": None,
        }

    def response(self, status: str, text: str | None = None, answer: ChatAnswer | None = None) -> dict[str, Any]:
        output = [] if text is None else [self._item("completed", [_part(text)])]
        return {**self._head, "status": status, "output": output, "usage": _usage(answer)}

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._message, "type": "message", "role": "assistant", "status": status, "content": content}

    async def events(self, answer: ChatAnswer) -> AsyncGenerator[str, None]:
        numbers = count()

        def sent(kind: str, **data: Any) -> str:
            return event({"type": kind, "sequence_number": next(numbers), **data}, kind)

        def opening() -> list[str]:
            return [
                sent("response.created", response=self.response("in_progress")),
                sent("response.in_progress", response=self.response("in_progress")),
                sent("response.output_item.added", output_index=0, item=self._item("in_progress", [])),
                sent("response.content_part.added", **place, part=_part("")),
            ]

        place = {"item_id": self._message, "output_index": 0, "content_index": 0}
        said = ""
        try:
            async with aclosing(answer.pieces()) as pieces:
                async for piece in pieces:
                    for each in [] if said else opening():
                        yield each
                    said += piece
                    yield sent("response.output_text.delta", **place, delta=piece, logprobs=[])
        except AssistantError as error:
            if not said:
                raise
            details = error_body(error)[1]["error"]
            failed = {**self.response("failed", said), "error": {"code": "server_error", "message": details["message"]}}
            yield sent("response.failed", response=failed)
            return
        for each in [] if said else opening():
            yield each
        yield sent("response.output_text.done", **place, text=said, logprobs=[])
        yield sent("response.content_part.done", **place, part=_part(said))
        yield sent("response.output_item.done", output_index=0, item=self._item("completed", [_part(said)]))
        yield sent("response.completed", response=self.response("completed", said, answer))


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
