"""Finds out from a model's chat template how it writes function calls, by rendering a sample.

A template that shows neither tools nor calls belongs to a model that was not trained for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dialogue.prompts.chat_template import ChatTemplate
from dialogue.tools.function_call import FunctionCall

_CALL, _RESULT, _WORDS = "sample_call", "sample result", "sample words"
_SAMPLE = {"name": "sample_tool", "description": "A sample.", "parameters": {"type": "object", "properties": {}}}
_MARK = re.compile(r"\s*</?\w+>")  # not the end of the turn, which templates write as <|...|>


@dataclass(frozen=True, slots=True)
class CallFormat:
    """`opening` and `closing` stand around a call's JSON, whose arguments are called `key`."""

    key: Literal["arguments", "parameters"]
    opening: str
    closing: str

    def written(self, calls: Sequence[FunctionCall], plain: Callable[[str], str]) -> str:
        """The calls as the model writes them. `plain` breaks control tokens up in them."""
        bodies = (json.dumps({"name": call.name, self.key: dict(call.arguments)}, ensure_ascii=False) for call in calls)
        return "\n".join(f"{self.opening}{plain(body)}{self.closing}" for body in bodies)


def call_format(template: ChatTemplate) -> CallFormat | None:
    """The format; None for a template without functions."""
    tools = [{"type": "function", "function": _SAMPLE}]
    function = {"name": _CALL, "arguments": {"sample_argument": "sample value"}}
    begin: list[dict[str, Any]] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    over = [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Bye"}]
    call = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
    shown = template.tried([*begin, call, {"role": "tool", "content": _RESULT}, *over], True, tools)
    # Where a reply's text begins, after the name of its role.
    begun = template.tried([*begin, {"role": "assistant", "content": _WORDS}, *over[1:]], True, tools).partition(_WORDS)
    if str(_SAMPLE["name"]) not in begun[0] or _CALL not in shown or _RESULT not in shown or not begun[1]:
        return None
    start = shown.rfind("{", 0, shown.rfind(_CALL))
    try:
        written, end = json.JSONDecoder().raw_decode(shown, start)
    except ValueError:
        return None
    if not shown.startswith(begun[0]) or not {"arguments", "parameters"} & written.keys():
        return None
    closing = _MARK.match(shown, end)
    return CallFormat(
        key="arguments" if "arguments" in written else "parameters",
        opening=shown[len(begun[0]) : start],
        closing=closing[0] if closing else "",
    )
