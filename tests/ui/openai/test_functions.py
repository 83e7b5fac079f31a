"""Functions of a client in /v1/chat/completions and /v1/responses, and films, with the stock `openai` client.

The engine is the real one; what its model writes follows a rule.

Also tests `call_history.py` and `client_functions.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from dialogue.engine import Engine
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.errors import BadInput
from stream.models.admission import Admission
from stream.models.setup import SETUPS
from tests.dialogue.conftest import run_here
from tests.dialogue.ruled_chat import NOON, ruled_llm
from tests.stream.toy_parts import ToyEngine, toy_parts
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.http.routes import Routes, application
from ui.openai.requests import history_of
from ui.openai.served_models import ServedModels

WEATHER = {
    "name": "weather",
    "description": "Look up the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
ASKED = "How warm is it in Rome?"
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'


def rule(context: str) -> str:
    """Calls the function, and says what came of it."""
    if "<tool_response>" in context:
        result = context.rpartition("<tool_response>\n")[2].partition("\n</tool_response>")[0]
        return f"It has {json.loads(result)['degrees']} degrees."
    return f"One moment.\n{CALL}" if '"weather"' in context else "I do not know."


def chatting() -> Engine:
    llm, _ = ruled_llm("qwen2", rule)
    return LocalChatEngine(llm, run_here, lambda: NOON)


def asked(ask: Callable[[AsyncOpenAI], Awaitable[Any]], engine: Callable[[], Engine] = chatting) -> Any:
    """What the stock client gets of a server with this engine."""

    async def story() -> Any:
        parts = toy_parts(engine)
        state = Routes(SETUPS["laptop"], Metrics(), status="ok")
        state.models = ServedModels(parts, SETUPS["laptop"], AdmissionQueue(Admission(1), Metrics()))
        transport = httpx2.ASGITransport(application(state))
        async with httpx2.AsyncClient(transport=transport) as http:
            client = AsyncOpenAI(base_url="http://127.0.0.1/v1", api_key="none", max_retries=0, http_client=http)
            try:
                return await ask(client)
            finally:
                parts.close()

    return asyncio.run(story())


def test_a_chat_calls_a_function_of_the_client_and_goes_on_with_its_result() -> None:
    messages: list[Any] = [{"role": "user", "content": ASKED}]
    tools: Any = [{"type": "function", "function": WEATHER}]

    async def ask(client: AsyncOpenAI) -> tuple[Any, Any]:
        first = (await client.chat.completions.create(model="any", messages=messages, tools=tools)).choices[0]
        [call] = first.message.tool_calls or []
        result = {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 31}'}
        more = [*messages, first.message.model_dump(exclude_none=True), result]
        return first, (await client.chat.completions.create(model="any", messages=more, tools=tools)).choices[0]

    first, second = asked(ask)
    assert (first.finish_reason, first.message.content) == ("tool_calls", "One moment.")
    assert json.loads(first.message.tool_calls[0].function.arguments) == {"city": "Rome"}
    assert (second.finish_reason, second.message.content) == ("stop", "It has 31 degrees.")


def test_a_streamed_chat_ends_with_the_call() -> None:
    async def ask(client: AsyncOpenAI) -> list[Any]:
        tools: Any = [{"type": "function", "function": WEATHER}]
        messages: Any = [{"role": "user", "content": ASKED}]
        stream = await client.chat.completions.create(model="any", messages=messages, tools=tools, stream=True)
        return [chunk.choices[0] async for chunk in stream]

    choices = asked(ask)
    assert "".join(choice.delta.content or "" for choice in choices).strip() == "One moment."
    [called] = [choice.delta.tool_calls[0] for choice in choices if choice.delta.tool_calls]
    assert called.function.name == "weather" and choices[-1].finish_reason == "tool_calls"


def test_a_response_calls_a_function_and_the_next_one_has_its_result() -> None:
    tools: Any = [{"type": "function", **WEATHER}]

    async def ask(client: AsyncOpenAI) -> tuple[Any, list[Any], Any]:
        first = await client.responses.create(model="any", input=ASKED, tools=tools)
        stream = await client.responses.create(model="any", input=ASKED, tools=tools, stream=True)
        events = [event async for event in stream]
        called: Any = first.output[-1]
        result = {"type": "function_call_output", "call_id": called.call_id, "output": '{"degrees": 8}'}
        history: Any = [{"role": "user", "content": ASKED}, *(item.model_dump() for item in first.output), result]
        return first, events, await client.responses.create(model="any", input=history, tools=tools)

    first, events, second = asked(ask)
    assert [item.type for item in first.output] == ["message", "function_call"]
    assert [event.type for event in events][-5:] == [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[-1].response.output[-1].name == "weather"
    assert second.output_text == "It has 8 degrees."


@pytest.mark.parametrize(
    ("choice", "engine", "words"),
    [("required", chatting, "tool_choice"), ("auto", lambda: ToyEngine(["A word."]), "calls no functions")],
)
def test_what_a_model_cannot_do_with_functions_is_refused(
    choice: Any, engine: Callable[[], Engine], words: str
) -> None:
    async def ask(client: AsyncOpenAI) -> str:
        tools: Any = [{"type": "function", "function": WEATHER}]
        messages: Any = [{"role": "user", "content": ASKED}]
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(model="any", messages=messages, tools=tools, tool_choice=choice)
        return str(refused.value)

    assert words in asked(ask, engine)


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "tool", "tool_call_id": "a", "content": "x"}],
        [{"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}],
        [{"type": "function_call", "call_id": 3, "name": "f", "arguments": "{}"}],
        [
            {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "user", "content": "And now?"},
        ],
        [
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": 3},
        ],
        [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "https://elsewhere.example/a.mp4"}}]}],
    ],
)
def test_calls_without_results_and_results_without_calls_are_refused(messages: list[Any]) -> None:
    with pytest.raises(BadInput):
        history_of(messages)
