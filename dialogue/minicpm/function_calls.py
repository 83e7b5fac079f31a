"""MiniCPM3 calls functions: tools into its system turn, its answer into calls, results back to it.

The format is the one it was trained with: stubs of the functions in Python, its calls as Python between two marks.
Calls are read as a syntax tree and never evaluated; arguments are checked against the tool's schema. What cannot be
read or run goes back to the model as an error that says why.
"""

from __future__ import annotations

import ast
import io
import json
import keyword
import tokenize
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogue.errors import BadInput
from dialogue.minicpm.tools import Schema, Tool

THOUGHT = ("<|thought_start|>", "<|thought_end|>")
CALLS = ("<|tool_call_start|>", "<|tool_call_end|>")
MOST_ROUNDS = 5
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
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `problem` says why it could not be read; then `arguments` is empty."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answered, taken apart."""

    thought: str
    calls: Sequence[Call]
    text: str


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """`role` is system, user, assistant or tool."""

    role: str
    text: str


def system_text(system: str, tools: Sequence[Tool]) -> str:
    """The system turn that shows `tools` to the model."""
    if not tools:
        return system
    imports = "from enum import Enum\nfrom typing import List, Dict, Optional\nfrom pydantic import BaseModel, Field\n"
    stubs = "".join(tool.stub() for tool in tools)
    opening = "# Functions\nHere is a list of functions that you can invoke:\n```python\n"
    return f"{system}\n{opening}{imports}\n{stubs}\n```\n{_RULES}"


def read(answer: str, tools: Sequence[Tool]) -> Reply:
    """Take an answer apart. Calls come in order; an unreadable one has a `problem` and does not hide the others."""
    thought, rest = _between(answer, THOUGHT)
    block, text = _between(rest, CALLS)
    calls = _read_calls(_unfenced(block), {tool.name: tool for tool in tools}) if block.strip() else []
    return Reply(thought.strip(), calls, text.strip())


def run(call: Call, tools: Sequence[Tool]) -> str:
    """Run one call; its result, or an error, as JSON for the model. Nothing a tool raises gets through."""
    tool = next((tool for tool in tools if tool.name == call.name), None)
    problem = call.problem or _problem(call, tool)
    if problem or tool is None:
        return json.dumps({"error": problem}, ensure_ascii=False)
    try:
        return json.dumps(tool.run(**call.arguments), ensure_ascii=False, default=str)
    except Exception as error:  # whatever a tool raises is the model's to hear of
        return json.dumps({"error": f"{type(error).__name__}: {error}"}, ensure_ascii=False)


def written(reply: Reply) -> str:
    """A reply as it stands in the history."""
    parts = [f"{THOUGHT[0]}\n{reply.thought}\n{THOUGHT[1]}\n"] if reply.thought else []
    if reply.calls:
        lines = (
            f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"
            for call in reply.calls
        )
        parts.append("{0}\n```python\n{2}\n```\n{1}\n".format(*CALLS, "\n".join(lines)))
    return "".join([*parts, reply.text]).strip()


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


def _between(text: str, marks: tuple[str, str]) -> tuple[str, str]:
    """What stands between the marks, and all the rest. An open mark without an end takes the rest of the text."""
    before, start, after = text.partition(marks[0])
    if not start:
        return "", text
    inside, _, behind = after.partition(marks[1])
    return inside, before + behind


def _unfenced(block: str) -> str:
    lines = [line for line in block.strip().splitlines() if not line.strip().startswith("```")]
    return "\n".join(lines)


def _read_calls(block: str, tools: Mapping[str, Tool]) -> list[Call]:
    block = _on_one_line(block)
    try:
        return [_read_call(statement, tools) for statement in ast.parse(_without_keywords(block)).body]
    except (SyntaxError, ValueError):
        pass
    # One bad line must not cost the others.
    calls: list[Call] = []
    for line in filter(str.strip, block.splitlines()):
        try:
            calls += [_read_call(statement, tools) for statement in ast.parse(_without_keywords(line.strip())).body]
        except (SyntaxError, ValueError) as error:
            calls.append(Call(line.strip().partition("(")[0], problem=f"This is not a function call: {error}."))
    return calls


def _on_one_line(code: str) -> str:
    """Line breaks inside strings as escapes: models write them raw, Python does not read that."""
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
    """Arguments named like a word of Python (`from=`) renamed, so that the code can be read."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, IndentationError):
        return code
    changed = [
        (token.type, token.string + _ESCAPED * (keyword.iskeyword(token.string) and after.string == "="))
        for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True)
    ]
    return str(tokenize.untokenize(changed))


def _read_call(statement: ast.stmt, tools: Mapping[str, Tool]) -> Call:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        raise ValueError("every line must be one call")
    call = statement.value
    name = ast.unparse(call.func)
    tool = tools.get(name)
    properties: Mapping[str, Schema] = tool.properties if tool else {}
    try:
        arguments = dict(zip(properties, (_value(node, {}) for node in call.args), strict=False))
        for given in call.keywords:
            key = (given.arg or "").removesuffix(_ESCAPED)
            arguments[key] = _value(given.value, properties.get(key, {}))
    except ValueError as error:
        return Call(name, problem=f"{error}: arguments must be plain values.")
    return Call(name, arguments)


def _value(node: ast.expr, spec: Schema) -> Any:
    """A literal; also JSON's words, and a listed value by its name in the stub."""
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


def require_marks(has: Callable[[str], bool]) -> None:
    """Raises BadInput unless a vocabulary has the marks; `has` tells whether it has a token."""
    gone = [mark for mark in (*THOUGHT, *CALLS) if not has(mark)]
    if gone:
        raise BadInput(f"The model's vocabulary lacks {', '.join(gone)}: it was not made for function calls.")
