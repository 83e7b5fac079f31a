"""Puts the calls of functions in a client's messages together with their results, as one message for each round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogue.errors import BadInput
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.json_calls import read_arguments
from dialogue.tools.running_calls import given_result
from stream.requests.request_message import CallsMade


class CallHistory:
    """The messages of one conversation, in order; `messages` is complete after `end`."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []
        self._calls: dict[str, FunctionCall] = {}
        self._results: dict[str, str] = {}

    def add(self, message: Mapping[str, Any]) -> None:
        """Adds a message of another kind. Raises BadInput where a call before it has no result."""
        self.end()
        self.messages.append(message)

    def call(self, call_id: Any, function: Any) -> None:
        """Adds a call: `function` has a name, and arguments as JSON text. Raises BadInput."""
        name, arguments = (
            (function.get("name"), function.get("arguments")) if isinstance(function, Mapping) else (None, None)
        )
        if not all(isinstance(each, str) for each in (call_id, name, arguments)):
            raise BadInput("A call of a function must have an id, a name and arguments, all of them text.")
        self._calls[str(call_id)] = read_arguments(str(name), str(arguments), str(call_id))

    def result(self, call_id: Any, output: Any) -> None:
        """Adds the result of a call. Raises BadInput where there is no such call before it."""
        if not isinstance(call_id, str) or call_id not in self._calls:
            raise BadInput("The result of a function must follow its call, and have the same id.")
        if not isinstance(output, str):
            raise BadInput("The result of a function must be text.")
        self._results[call_id] = given_result(output)
        if len(self._results) == len(self._calls):
            results = tuple(self._results[each] for each in self._calls)
            made = CallsMade(tuple(self._calls.values()), results)
            self.messages.append({"role": "tool", "content": [made]})
            self._calls, self._results = {}, {}

    def end(self) -> None:
        """Raises BadInput where a call has no result."""
        missing = next((call.name for number, call in self._calls.items() if number not in self._results), None)
        if missing is not None:
            raise BadInput(f"The call of {missing[:100]} has no result: add one after it.")
