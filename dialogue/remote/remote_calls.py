"""Function calls of a chat server: put together from the pieces of its stream, and sent back as messages. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dialogue.blocks import ToolBlock
from dialogue.errors import BadInput
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.json_calls import read_arguments

MOST_CALLS = 16  # in one reply
LONGEST_NAME, LONGEST_ARGUMENTS = 200, 20_000  # characters


class CallPieces:
    """The calls of one reply."""

    def __init__(self) -> None:
        self._parts: dict[int, dict[str, str]] = {}

    def clear(self) -> None:
        """The reply begins again."""
        self._parts.clear()

    def read(self, line: str) -> None:
        """Takes a line of the event stream, which `delta_text` has found to be an event. Raises BadInput."""
        if '"tool_calls"' not in line:
            return
        choices = json.loads(line.strip().removeprefix("data:")).get("choices") or [{}]
        for place, piece in enumerate((choices[0].get("delta") or {}).get("tool_calls") or []):
            try:
                self._add(piece.get("index", place), piece.get("id"), piece.get("function") or {})
            except (AttributeError, TypeError, ValueError) as error:
                raise BadInput("The chat server sent a function call that cannot be read.") from error

    @property
    def calls(self) -> list[FunctionCall]:
        return [
            read_arguments(part["name"], part["arguments"], part["id"] or f"call_{index}")
            for index, part in sorted(self._parts.items())
        ]

    def _add(self, index: Any, number: Any, function: dict[str, Any]) -> None:
        part = self._parts.setdefault(int(index), {"id": "", "name": "", "arguments": ""})
        part["id"] = part["id"] or (number if isinstance(number, str) else "")
        part["name"] += function.get("name") or ""
        arguments = function.get("arguments") or ""
        part["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)
        too_long = len(part["name"]) > LONGEST_NAME or len(part["arguments"]) > LONGEST_ARGUMENTS
        if too_long or len(self._parts) > MOST_CALLS or len(part["id"]) > LONGEST_NAME:
            raise BadInput("The chat server sent function calls that are too long, or too many.")


def written(calls: Sequence[FunctionCall]) -> str:
    """A round of calls, as a ToolBlock keeps it."""
    return json.dumps([{"id": call.number, "name": call.name, "arguments": dict(call.arguments)} for call in calls])


def calls_in(block: ToolBlock) -> list[FunctionCall]:
    """The calls of a round that `written` wrote."""
    return [FunctionCall(call["name"], call["arguments"], number=call["id"]) for call in json.loads(block.written)]


def round_messages(block: ToolBlock) -> list[dict[str, Any]]:
    """A round as chat messages: the calls, then their results."""
    calls = calls_in(block)
    asked = [
        {
            "id": call.number,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for call in calls
    ]
    results = [
        {"role": "tool", "tool_call_id": call.number, "content": result}
        for call, result in zip(calls, block.results, strict=False)
    ]
    return [{"role": "assistant", "content": "", "tool_calls": asked}, *results]
