"""Runs function calls: checks arguments against the tool's schema, gives results and errors as JSON.

A model is given the exceptions of its tools as text. A tool takes LONGEST_S at most, and its result MAX_RESULT
characters; a round has MAX_CALLS calls. A tool that needs the user's consent is not run but asked about.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dialogue.errors import AssistantError
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool
from dialogue.tools.tool_arguments import Schema

MAX_ROUNDS = 5
MAX_CALLS = 8  # in one round
LONGEST_S = 60.0
MAX_RESULT = 4_000  # characters

# Marks of the chat formats, broken up in a result, so that none of them ends early.
_MARKS = re.compile(r"<(?=/?tool_|/?tools>|\|)|\[(?=/?TOOL_)")
ASKED = json.dumps({"status": "not done yet: the user is asked first"})


@dataclass(frozen=True, slots=True)
class CallRound:
    """The results of one round, in the order of its calls, as JSON. `asks` is a call that waits for consent."""

    calls: tuple[FunctionCall, ...]
    results: tuple[str, ...]
    asks: FunctionCall | None = None


async def run_round(calls: Sequence[FunctionCall], tools: Sequence[Tool]) -> CallRound:
    """Run the calls of a round one after the other. Where one needs consent, it and those after it are not run."""
    results, asks = list[str](), None
    for call in calls[:MAX_CALLS]:
        tool = named(call, tools)
        if asks is not None:
            results.append(failure("this call was not made: the user is asked about the one before it first"))
        elif tool is not None and tool.asks and not (call.problem or _problem(call, tool)):
            asks = call
            results.append(ASKED)
        else:
            results.append(await run_call(call, tools))
    if len(calls) > MAX_CALLS:
        results.append(failure(f"only the first {MAX_CALLS} calls were made; make the others in another round"))
    return CallRound(tuple(calls[: len(results)]), tuple(results), asks)


async def run_call(call: FunctionCall, tools: Sequence[Tool]) -> str:
    """Run one call of a plain or async function, also one that needs consent; returns its result, or an error, as JSON.
    Cancellation cancels the function."""
    tool = named(call, tools)
    if problem := call.problem or _problem(call, tool):
        return failure(problem)
    assert tool is not None
    try:
        async with asyncio.timeout(LONGEST_S):
            result = tool.run(**_given(call, tool))
            return as_json(await result if inspect.isawaitable(result) else result)
    except TimeoutError:
        return failure(f"{tool.name} took longer than {LONGEST_S:.0f} seconds and was stopped")
    except (Exception, SystemExit) as error:  # a tool may raise anything; the model gets the error
        return failure(_sentence(error))


def failure(problem: str) -> str:
    """An error in the format for the model."""
    return _bounded(json.dumps({"error": problem}, ensure_ascii=False))


def named(call: FunctionCall, tools: Sequence[Tool]) -> Tool | None:
    """The tool that a call names; None if there is none."""
    return next((tool for tool in tools if tool.name == call.name), None)


def as_json(result: Any) -> str:
    """A result as JSON for the model, of at most MAX_RESULT characters, without marks of a chat format."""
    from pydantic import ConfigDict, TypeAdapter  # serialises enum members, dataclasses, dates, sets, models

    plain = TypeAdapter(Any, config=ConfigDict(ser_json_inf_nan="strings"))
    return _bounded(json.dumps(json.loads(plain.dump_json(result, fallback=str)), ensure_ascii=False))


def given_result(text: str) -> str:
    """A result that a function elsewhere has given as text, as JSON; what is JSON stays what it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    return as_json(value)


def _bounded(text: str) -> str:
    if len(text) > MAX_RESULT:
        half = MAX_RESULT // 2
        text = json.dumps({"cut": f"{text[:half]} ... {text[-half:]}"}, ensure_ascii=False)
    return _MARKS.sub(r"\g<0> ", text)


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, AssistantError) else f"{type(error).__name__}: {error}"


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
