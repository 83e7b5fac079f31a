"""Function calling format of MiniCPM3: writes tools into the system turn, parses replies into calls and text.

The format is that of the model's training: Python stubs of the functions, and calls as Python code between two marks.
Calls are parsed as a syntax tree and never evaluated; a call that cannot be parsed is reported to the model.
`dialogue.tools.running_calls` runs the calls.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool
from dialogue.tools.tool_arguments import Schema

THOUGHT = ("<|thought_start|>", "<|thought_end|>")
CALLS = ("<|tool_call_start|>", "<|tool_call_end|>")
_RULES = """
# Function Call Rule and Output Format
- If the user's question can be answered without calling any function, please answer the user's question directly. \
In this situation, you should return your thought and answer the user's question directly.
- If the user cannot be answered without calling any function, and the user does not provide enough information to \
call functions, please ask the user for more information. In this situation, you should return your thought and ask \
the user for more information.
- If the user's question cannot be answered without calling any function, and the user has provided enough \
information to call functions to solve it, you should call the functions. In this situation, the assistant should \
return your thought and call the functions.
- Use default parameters unless the user has specified otherwise.
- You should answer in the following format:

<|thought_start|>
{explain why the user's question can be answered without calling a function or why you should ask the user for more \
information or why you should call one or more functions and your plan to solve the user's question.}
<|thought_end|>
<|tool_call_start|>
```python
func1(params_name=params_value, params_name2=params_value2...)
func2(params)
```
<|tool_call_end|>
{answer the user's question directly or ask the user for more information}"""
_ESCAPED = "_was_a_keyword"
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A parsed reply of the model."""

    thought: str
    calls: Sequence[FunctionCall]
    text: str


def system_text(system: str, tools: Sequence[Tool]) -> str:
    """The system turn with `tools`."""
    if not tools:
        return system
    imports = "from enum import Enum\nfrom typing import List, Dict, Optional\nfrom pydantic import BaseModel, Field\n"
    stubs = "".join(tool.stub() for tool in tools)
    opening = "# Functions\nHere is a list of functions that you can invoke:\n```python\n"
    return f"{system}\n{opening}{imports}\n{stubs}\n```\n{_RULES}"


def lines_of(calls: Sequence[FunctionCall]) -> list[str]:
    """The calls as the model writes them, a line each."""
    return [
        f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})" for call in calls
    ]


def read(answer: str, tools: Sequence[Tool]) -> ParsedReply:
    """Parse a reply. Calls are in order; a call that cannot be parsed has a `problem`, and the others are kept."""
    thought, rest = _between(answer, THOUGHT)
    block, text = _between(rest, CALLS)
    calls = _read_calls(_unfenced(block), {tool.name: tool for tool in tools}) if block.strip() else []
    return ParsedReply(thought.strip(), calls, text.strip())


def _between(text: str, marks: tuple[str, str]) -> tuple[str, str]:
    """The text between the marks, and the rest. An open mark without an end includes all text after it."""
    before, start, after = text.partition(marks[0])
    if not start:
        return "", text
    inside, _, behind = after.partition(marks[1])
    return inside, before + behind


def _unfenced(block: str) -> str:
    lines = [line for line in block.strip().splitlines() if not line.strip().startswith("```")]
    return "\n".join(lines)


def _read_calls(block: str, tools: Mapping[str, Tool]) -> list[FunctionCall]:
    block = _on_one_line(block)
    try:
        return _read_lines(block, tools)
    except _UNREADABLE:
        pass
    # A bad line does not affect the others.
    calls: list[FunctionCall] = []
    for line in filter(str.strip, block.splitlines()):
        try:
            calls += _read_lines(line.strip(), tools)
        except _UNREADABLE as error:
            reason = error.msg if isinstance(error, SyntaxError) else str(error) or "it is too long"
            calls.append(
                FunctionCall(line.strip().partition("(")[0], problem=f"This is not a function call: {reason}.")
            )
    return calls


def _read_lines(code: str, tools: Mapping[str, Tool]) -> list[FunctionCall]:
    """Raises one of _UNREADABLE for code that is not only calls."""
    statements = ast.parse(_without_keywords(code)).body
    return [_read_call(call, tools) for statement in statements for call in _calls_of(statement)]


def _calls_of(statement: ast.stmt) -> Iterator[ast.Call]:
    """The calls of a line: one, or several in a list. Assignments and `await` are ignored."""
    if not isinstance(statement, ast.Expr | ast.Assign) or statement.value is None:
        raise ValueError("every line must be one call")
    value = statement.value
    for part in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
        call = part.value if isinstance(part, ast.Await) else part
        if not isinstance(call, ast.Call):
            raise ValueError("every line must be one call")
        yield call


def _on_one_line(code: str) -> str:
    """Escape line breaks inside strings, which models write raw and Python does not parse."""
    out, quote, escaped = [], "", False
    for letter in code:
        if quote and letter == "\n":
            out.append("\\n")
            continue
        if not escaped and letter in "\"'":
            quote = "" if letter == quote else quote or letter
        escaped = letter == "\\" and not escaped
        out.append(letter)
    return "".join(out)


def _without_keywords(code: str) -> str:
    """Rename arguments that are Python keywords (`from=`), so that the code can be parsed."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, IndentationError):
        return code
    changed = [
        (token.type, token.string + _ESCAPED * (keyword.iskeyword(token.string) and after.string == "="))
        for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True)
    ]
    return str(tokenize.untokenize(changed))


def _read_call(call: ast.Call, tools: Mapping[str, Tool]) -> FunctionCall:
    name = ast.unparse(call.func)
    tool = tools.get(name)
    properties: Mapping[str, Schema] = tool.properties if tool else {}
    if tool and len(call.args) > len(properties):
        return FunctionCall(name, problem=f"{name} takes {len(properties)} arguments, not {len(call.args)}.")
    try:
        places = zip(properties.items(), call.args, strict=False)
        arguments = {key: _value(node, spec) for (key, spec), node in places}
        for given in call.keywords:
            if given.arg is None:
                return FunctionCall(name, problem="Arguments are given by name, as in name=value.")
            key = given.arg.removesuffix(_ESCAPED)
            if key in arguments:
                return FunctionCall(name, problem=f"{name} was given {key} twice.")
            arguments[key] = _value(given.value, properties.get(key, {}))
    except ValueError as error:
        return FunctionCall(name, problem=f"{error}: arguments must be plain values.")
    return FunctionCall(name, arguments)


def _value(node: ast.expr, spec: Schema) -> Any:
    """A literal, also JSON's true, false and null, and an enum value by its name in the stub."""
    match node:
        case ast.Name(id=word) if word in _WORDS:
            return _WORDS[word]
        case ast.Attribute(attr=word) if word.startswith("enum_") and word[5:].isdecimal():
            values = spec.get("enum", [])
            if int(word[5:]) < len(values):
                return values[int(word[5:])]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, spec.get("items", {})) for part in parts]
        case ast.Dict(keys=keys, values=values):
            return {_value(key, {}): _value(value, {}) for key, value in zip(keys, values, strict=True) if key}
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise ValueError(f"{ast.unparse(node)} cannot be read") from error
