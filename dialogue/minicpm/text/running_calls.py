"""Runs function calls of MiniCPM3: checks arguments against the tool's schema, gives results and errors as JSON.

Exceptions of a tool are caught and reported to the model.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dialogue.errors import AssistantError
from dialogue.minicpm.text.function_calls import FunctionCall, read, written
from dialogue.tools.tool import Tool
from dialogue.tools.tool_arguments import Schema

MAX_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """`role` is system, user, assistant or tool."""

    role: str
    text: str


def run(call: FunctionCall, tools: Sequence[Tool]) -> str:
    """Run one call of a plain function; returns its result, or an error, as JSON."""
    tool = _named(call, tools)
    if problem := call.problem or _problem(call, tool):
        return failure(problem)
    assert tool is not None
    try:
        return _as_json(tool.run(**_given(call, tool)))
    except (Exception, SystemExit) as error:  # a tool may raise anything; the model gets the error
        return failure(_sentence(error))


async def run_async(call: FunctionCall, tools: Sequence[Tool]) -> str:
    """Like `run`, also for async functions. Cancellation cancels the function."""
    tool = _named(call, tools)
    if problem := call.problem or _problem(call, tool):
        return failure(problem)
    assert tool is not None
    try:
        result = tool.run(**_given(call, tool))
        return _as_json(await result if inspect.isawaitable(result) else result)
    except (Exception, SystemExit) as error:  # a tool may raise anything; the model gets the error
        return failure(_sentence(error))


def failure(problem: str) -> str:
    """An error in the format for the model."""
    return json.dumps({"error": problem}, ensure_ascii=False)


def converse(
    turns: Sequence[ChatTurn], tools: Sequence[Tool], generate: Callable[[Sequence[ChatTurn]], str]
) -> tuple[str, list[ChatTurn]]:
    """Generate replies and run their calls until a reply has no calls. Returns its text and all turns. After MAX_ROUNDS
    rounds of calls the next reply is final."""
    history = list(turns)
    for _ in range(MAX_ROUNDS):
        reply = read(generate(history), tools)
        history.append(ChatTurn("assistant", written(reply)))
        if not reply.calls:
            return reply.text, history
        history += [ChatTurn("tool", run(call, tools)) for call in reply.calls]
    reply = read(generate(history), [])
    return reply.text, [*history, ChatTurn("assistant", reply.text)]


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, AssistantError) else f"{type(error).__name__}: {error}"


def _named(call: FunctionCall, tools: Sequence[Tool]) -> Tool | None:
    return next((tool for tool in tools if tool.name == call.name), None)


def _as_json(result: Any) -> str:
    from pydantic import ConfigDict, TypeAdapter  # serialises enum members, dataclasses, dates, sets, models

    plain = TypeAdapter(Any, config=ConfigDict(ser_json_inf_nan="strings"))
    return json.dumps(json.loads(plain.dump_json(result, fallback=str)), ensure_ascii=False)


def _problem(call: FunctionCall, tool: Tool | None) -> str:
    """Why a call cannot be run, in a sentence for the model; empty if it can."""
    if tool is None:
        return f"There is no function {call.name}."
    unknown = [name for name in call.arguments if name not in tool.properties]
    missing = [name for name in tool.required if name not in call.arguments]
    wrong = [
        odd
        for name, value in _given(call, tool).items()
        if name in tool.properties
        for odd in _misfits(name, value, tool.properties[name])
    ]
    problems = [f"there is no argument {name}" for name in unknown] + [f"{name} is missing" for name in missing] + wrong
    return f"{call.name}: {'; '.join(problems)}." if problems else ""


def _given(call: FunctionCall, tool: Tool) -> dict[str, Any]:
    """The arguments to pass: None for an argument with a default counts as left out."""
    left_out = {name for name, spec in tool.properties.items() if spec.get("default") is not None}
    return {name: value for name, value in call.arguments.items() if value is not None or name not in left_out}


def _misfits(where: str, value: Any, spec: Schema) -> Iterator[str]:
    """The problems of a value, one for each misfit."""
    choices = spec.get("anyOf") or spec.get("oneOf")
    if choices:
        if all(any(_misfits(where, value, choice)) for choice in choices):
            yield f"{where} must be one of these: {json.dumps(choices, ensure_ascii=False, default=str)}"
        return
    if value is None and "default" in spec:
        return
    listed = spec.get("enum", [spec["const"]] if "const" in spec else None)
    if listed is not None:
        if value not in listed:
            yield f"{where} must be one of {listed}"
    elif not _is_of(value, spec.get("type", [])):
        yield f"{where} must be of type {spec.get('type')}"
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _misfits(f"{where}[{place}]", each, spec.get("items") or {})
    elif isinstance(value, dict):
        properties = spec.get("properties", {})
        yield from (f"{where}.{name} is missing" for name in spec.get("required", ()) if name not in value)
        for name in properties.keys() & value.keys():
            yield from _misfits(f"{where}.{name}", value[name], properties[name])
    elif isinstance(value, int | float) and not spec.get("minimum", value) <= value <= spec.get("maximum", value):
        yield f"{where} must be from {spec.get('minimum', 'any')} to {spec.get('maximum', 'any')}"


def _is_of(value: Any, kinds: str | Sequence[str]) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    checks = {
        "string": isinstance(value, str),
        "integer": number and value == value // 1,
        "number": number,
        "boolean": isinstance(value, bool),
        "array": isinstance(value, list),
        "object": isinstance(value, dict),
        "null": value is None,
    }
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    return not wanted or any(checks.get(kind, True) for kind in wanted)
