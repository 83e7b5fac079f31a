"""Runs what MiniCPM3 calls: arguments checked against the tool's schema, results and errors as JSON for the model.

Nothing a tool raises gets through: whatever went wrong is the model's to hear of. Knows no format of calls.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dialogue.errors import AssistantError
from dialogue.minicpm.function_calls import Call, read, written
from dialogue.minicpm.tools import Schema, Tool

MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """`role` is system, user, assistant or tool."""

    role: str
    text: str


def run(call: Call, tools: Sequence[Tool]) -> str:
    """Run one call of a plain function; its result, or an error, as JSON."""
    tool = _named(call, tools)
    if problem := call.problem or _problem(call, tool):
        return failure(problem)
    assert tool is not None
    try:
        return _as_json(tool.run(**call.arguments))
    except Exception as error:  # whatever a tool raises is the model's to hear of
        return failure(_sentence(error))


async def carry_out(call: Call, tools: Sequence[Tool]) -> str:
    """Like `run`, also for functions that have to wait for something. Cancelling cancels the function."""
    tool = _named(call, tools)
    if problem := call.problem or _problem(call, tool):
        return failure(problem)
    assert tool is not None
    try:
        result = tool.run(**call.arguments)
        return _as_json(await result if inspect.isawaitable(result) else result)
    except Exception as error:  # whatever a tool raises is the model's to hear of
        return failure(_sentence(error))


def failure(problem: str) -> str:
    """An error as the model gets it."""
    return json.dumps({"error": problem}, ensure_ascii=False)


def converse(
    turns: Sequence[ChatTurn], tools: Sequence[Tool], generate: Callable[[Sequence[ChatTurn]], str]
) -> tuple[str, list[ChatTurn]]:
    """Let the model answer, running what it calls, until it answers in words: the text, and the turns with what
    was added. After MOST_ROUNDS of calls it has to make do with what it has."""
    history = list(turns)
    for _ in range(MOST_ROUNDS):
        reply = read(generate(history), tools)
        history.append(ChatTurn("assistant", written(reply)))
        if not reply.calls:
            return reply.text, history
        history += [ChatTurn("tool", run(call, tools)) for call in reply.calls]
    reply = read(generate(history), [])
    return reply.text, [*history, ChatTurn("assistant", reply.text)]


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, AssistantError) else f"{type(error).__name__}: {error}"


def _named(call: Call, tools: Sequence[Tool]) -> Tool | None:
    return next((tool for tool in tools if tool.name == call.name), None)


def _as_json(result: Any) -> str:
    return json.dumps(result, ensure_ascii=False, default=str)


def _problem(call: Call, tool: Tool | None) -> str:
    """Why a call cannot be run, for the model to read; empty if it can."""
    if tool is None:
        return f"There is no function {call.name}."
    unknown = [name for name in call.arguments if name not in tool.properties]
    missing = [name for name in tool.required if name not in call.arguments]
    wrong = [
        f"{name} must be {_wanted(tool.properties[name])}"
        for name, value in call.arguments.items()
        if name in tool.properties and not _fits(value, tool.properties[name])
    ]
    problems = [f"there is no argument {name}" for name in unknown] + [f"{name} is missing" for name in missing] + wrong
    return f"{call.name}: {'; '.join(problems)}." if problems else ""


def _fits(value: Any, spec: Schema) -> bool:
    if "enum" in spec:
        return value in spec["enum"]
    kinds = spec.get("type", [])
    checks: dict[str, Callable[[], bool]] = {
        "string": lambda: isinstance(value, str),
        "integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda: isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": lambda: isinstance(value, bool),
        "array": lambda: isinstance(value, list) and all(_fits(one, spec.get("items", {})) for one in value),
        "object": lambda: isinstance(value, dict),
        "null": lambda: value is None,
    }
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    return (
        not wanted or (value is None and "default" in spec) or any(checks.get(kind, lambda: True)() for kind in wanted)
    )


def _wanted(spec: Schema) -> str:
    return f"one of {spec['enum']}" if "enum" in spec else f"of type {spec.get('type')}"
