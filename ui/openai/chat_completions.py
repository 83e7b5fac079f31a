"""POST /v1/chat/completions: whole or streamed, with text, pictures, recordings, films, and functions of the client."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dialogue.errors import AssistantError, BadInput
from dialogue.grammars.response_format import ResponseFormat
from dialogue.llm.generation_config import GenerationConfig
from stream.requests.chat_requests import RequestOptions
from ui.openai.answers import CalledFunction, ChatAnswer, functions_in
from ui.openai.errors import error_body
from ui.openai.requests import history_of, posted_json, unless_disconnected
from ui.openai.served_models import ServedModels

EVENTS = "text/event-stream"


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatBody(BaseModel):
    """The fields that have an effect. Others, such as `seed` or `user`, are accepted and have none."""

    model_config = ConfigDict(extra="ignore")

    messages: list[Any] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: str | list[str] | None = None
    n: int | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None

    def check(self) -> None:
        """Raises BadInput for what no model here does."""
        if (self.n or 1) != 1:
            raise BadInput("n must be 1: this server gives one answer to a request.")
        if self.logprobs:
            raise BadInput("This server gives no logprobs; leave the option out.")

    @property
    def functions(self) -> list[Mapping[str, Any]]:
        return functions_in(self.tools, self.tool_choice)

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


async def chat_completions(request: Request, models: ServedModels) -> Response:
    """The answer to the last message. Raises BadInput, Busy, ValidationError, and what the engine raises."""
    body = ChatBody.model_validate(await posted_json(request))
    body.check()
    most = body.max_completion_tokens or body.max_tokens
    generation = GenerationConfig(temperature=body.temperature, top_p=body.top_p or None, max_new_tokens=most)
    form = ResponseFormat.of(body.response_format) if body.response_format is not None else None
    answer = ChatAnswer(
        models=models,
        history=history_of(body.messages),
        options=RequestOptions(generation, response_format=form),
        stops=body.stops,
        functions=body.functions,
    )
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": models.name}
    if body.stream:
        counted = body.stream_options is not None and body.stream_options.include_usage
        return StreamingResponse(await begun(_chunks(answer, head, counted)), media_type=EVENTS)
    text = await unless_disconnected(request, answer.whole())
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if answer.call is not None:
        message |= {"content": text or None, "tool_calls": [_called(answer.call)]}
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": _usage(answer)})


async def begun(events: AsyncGenerator[str, None]) -> AsyncIterator[str]:
    """`events` once the first of them is there, so that an error before it is an answer with a status of its own."""
    first = await anext(events)

    async def from_first() -> AsyncIterator[str]:
        async with aclosing(events) as rest:
            yield first
            async for event in rest:
                yield event

    return from_first()


async def _chunks(answer: ChatAnswer, head: dict[str, Any], counted: bool) -> AsyncGenerator[str, None]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        return event({**head, "object": "chat.completion.chunk", "choices": choices, **more})

    opened = False
    try:
        async with aclosing(answer.pieces()) as pieces:
            async for piece in pieces:
                yield chunk({"content": piece} if opened else {"role": "assistant", "content": piece})
                opened = True
    except AssistantError as error:
        if not opened:
            raise
        yield event(error_body(error)[1])
        return
    if answer.call is not None:
        calls = {"tool_calls": [{"index": 0, **_called(answer.call)}]}
        yield chunk(calls if opened else {"role": "assistant", "content": None, **calls})
    yield chunk({}, _finish(answer))
    if counted:
        yield event({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(answer)})
    yield "data: [DONE]\n\n"


def _called(call: CalledFunction) -> dict[str, Any]:
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _finish(answer: ChatAnswer) -> str:
    return "tool_calls" if answer.call is not None else "stop"


def event(data: dict[str, Any], name: str = "") -> str:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _usage(answer: ChatAnswer) -> dict[str, int] | None:
    if answer.tokens is None:
        return None
    prompt, completion = answer.tokens
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
