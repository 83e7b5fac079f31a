"""Puts together the function calls that a chat server streams in pieces. Bounded, because the server is not trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialogue.errors import BadInput
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.json_calls import MOST_CHARACTERS, read_arguments
from dialogue.tools.running_calls import MAX_CALLS

_LONGEST_NAME = 200


@dataclass(slots=True)
class _Pieces:
    number: str = ""
    name: str = ""
    arguments: str = ""


class StreamedCalls:
    """The calls of one reply."""

    def __init__(self) -> None:
        self._calls: dict[int, _Pieces] = {}

    def add(self, fragments: object) -> None:
        """Takes the `tool_calls` of one event. Raises BadInput for anything else, and for too much of it."""
        if not isinstance(fragments, list):
            raise BadInput("The chat server sent function calls in an unknown form.")
        for place, fragment in enumerate(fragments):
            self._add(place, fragment)

    def _add(self, place: int, fragment: object) -> None:
        function = fragment.get("function") if isinstance(fragment, Mapping) else None
        if not isinstance(fragment, Mapping) or not isinstance(function, Mapping | None):
            raise BadInput("The chat server sent a function call in an unknown form.")
        index = fragment.get("index", place)
        if type(index) is not int or (index not in self._calls and len(self._calls) >= MAX_CALLS):
            raise BadInput(f"The chat server sent more than {MAX_CALLS} function calls in one reply.")
        pieces = self._calls.setdefault(index, _Pieces())
        pieces.number = pieces.number or _text(fragment.get("id"))[:_LONGEST_NAME]
        function = function or {}
        pieces.name += _text(function.get("name"))
        pieces.arguments += _text(function.get("arguments"))
        if len(pieces.name) > _LONGEST_NAME or len(pieces.arguments) > MOST_CHARACTERS:
            raise BadInput("The chat server sent a function call that is too long.")

    def finished(self) -> list[FunctionCall]:
        """The calls, once the reply is over. One without an id gets one."""
        return [
            read_arguments(pieces.name, pieces.arguments, pieces.number or f"call_{index}")
            for index, pieces in sorted(self._calls.items())
        ]


def written_messages(words: str, calls: list[FunctionCall], results: tuple[str, ...]) -> list[dict[str, Any]]:
    """A round of calls and results as messages of a chat API."""
    listed = [
        {
            "id": call.number,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments), ensure_ascii=False)},
        }
        for call in calls
    ]
    back = [
        {"role": "tool", "tool_call_id": call.number, "content": result}
        for call, result in zip(calls, results, strict=True)
    ]
    return [{"role": "assistant", "content": words or None, "tool_calls": listed}, *back]


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput("The chat server sent a function call in an unknown form.")
    return value
