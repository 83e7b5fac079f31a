"""Grammars of function calls: a known name, and arguments that are valid against the tool's schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from dialogue.errors import BadInput
from dialogue.grammars.constraint import Schema, json_grammar, laid_out
from dialogue.tools.tool import Tool

Key = Literal["arguments", "parameters"]  # the name that a format gives to the arguments
_WHITE = "WHITE: /[ \\n\\t]{1,4}/"
_ANY_OBJECT: Schema = {"type": "object"}


def json_call_grammar(tools: Sequence[Tool], key: Key) -> str:
    """One call as JSON: `{"name": "get_time", "arguments": {...}}`."""
    rules = ["start: WHITE? (" + " | ".join(f"call_{number}" for number in range(len(tools))) + ")", _WHITE]
    for number, tool in enumerate(tools):
        parts = ("{", '"name":', json.dumps(tool.name), ",", f'"{key}":')
        fixed = " WHITE? ".join(map(_quoted, parts))
        rules.append(f"call_{number}: {fixed} WHITE? arguments_{number} WHITE? {_quoted('}')}")
        rules.append(f"arguments_{number}: %json {json.dumps(laid_out(_usable(arguments_schema(tool))))}")
    return "\n".join(rules)


def arguments_schema(tool: Tool) -> Schema:
    """The schema of a tool's arguments, which has no other properties than those described."""
    schema = {key: value for key, value in tool.parameters.items() if key != "$schema"}
    return {"type": "object", "additionalProperties": False, **schema}


def _usable(schema: Schema) -> Schema:
    """The schema, or any value of its type where the library does not support it: arguments are checked again later."""
    try:
        json_grammar(schema)
    except BadInput:
        return _ANY_OBJECT if schema.get("type", "object") == "object" else {"type": schema["type"]}
    return schema


def _quoted(text: str) -> str:
    return json.dumps(text)
