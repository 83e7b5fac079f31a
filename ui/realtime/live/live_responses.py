"""The events of the larger model that answers a delegation, as a Responses stream wrapped for a client of Live.

One response follows another in a delegation: a call of a function ends one, and the next begins once its result came.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dialogue.errors import BadInput
from ui.realtime.dialect import Message
from ui.realtime.openai_event import event_of, new_id

LONGEST_RESULT = 20_000  # characters of the result of a function


class LiveResponses:
    """The delegations of one session. `model` names the larger model as the client does."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._delegation: str | None = None
        self._response: str | None = None  # the one that is open
        self._message: str | None = None  # its message, once it has begun
        self._said, self._outputs, self._number = "", 0, 0
        self._results: dict[str, str] = {}

    def begin(self, delegation: str) -> list[Message]:
        self._delegation, self._number = delegation, 0
        return self._begun()

    def text(self, delta: str) -> list[Message]:
        """More words of the answer, or of what precedes a call."""
        events = self._begun()
        if self._message is None:
            self._message, self._said = new_id("msg"), ""
            events += [
                self._event("output_item.added", output_index=self._outputs, item=self._item("in_progress")),
                self._event("content_part.added", **self._place, part=_part("")),
            ]
        self._said += delta
        return [*events, self._event("output_text.delta", **self._place, delta=delta, logprobs=[])]

    def call(self, call_id: str, name: str, arguments: str) -> list[Message]:
        """The larger model calls a function of the client; `arguments` is JSON."""
        events = [*self._begun(), *self._close_message()]
        item = {"id": new_id("fc"), "type": "function_call", "call_id": call_id, "name": name}
        done, at = {**item, "status": "completed", "arguments": arguments}, {"output_index": self._outputs}
        of_item = {**at, "item_id": item["id"]}
        self._outputs += 1
        return [
            *events,
            self._event("output_item.added", **at, item={**item, "status": "in_progress", "arguments": ""}),
            self._event("function_call_arguments.delta", **of_item, delta=arguments),
            self._event("function_call_arguments.done", **of_item, name=name, arguments=arguments),
            self._event("output_item.done", **at, item=done),
            self._ended("completed"),
        ]

    def end(self, failure: str = "") -> list[Message]:
        """The delegation is over; `failure` is why it has no answer."""
        if self._response is None:
            return []
        closing = self._close_message()
        if failure:
            return [*closing, self._ended("failed", error={"code": "server_error", "message": failure})]
        return [*closing, self._ended("completed")]

    def add_result(self, item: Any) -> None:
        """Takes the result of a function. Raises BadInput for another item."""
        if not isinstance(item, Mapping) or item.get("type") != "function_call_output":
            raise BadInput("The larger model takes the results of functions alone: a function_call_output.")
        call_id, output = item.get("call_id"), item.get("output")
        if not isinstance(call_id, str) or not isinstance(output, str) or len(output) > LONGEST_RESULT:
            raise BadInput(f"A result needs a call_id and an output, text of at most {LONGEST_RESULT} characters.")
        self._results[call_id] = output

    def take_results(self) -> dict[str, str]:
        """The results since the last time, by the id of the call. Raises BadInput where there are none."""
        if not self._results:
            raise BadInput("There is nothing to go on with: add the result of a function first.")
        results, self._results = self._results, {}
        return results

    def _begun(self) -> list[Message]:
        if self._response is not None:
            return []
        self._response, self._outputs = new_id("resp"), 0
        return [self._event(kind, response=self._described("in_progress")) for kind in ("created", "in_progress")]

    def _close_message(self) -> list[Message]:
        if self._message is None:
            return []
        at = {"output_index": self._outputs}
        events = [
            self._event("output_text.done", **self._place, text=self._said, logprobs=[]),
            self._event("content_part.done", **self._place, part=_part(self._said)),
            self._event("output_item.done", **at, item=self._item("completed")),
        ]
        self._message, self._outputs = None, self._outputs + 1
        return events

    def _ended(self, status: str, **more: Any) -> Message:
        ended = self._event(status, response=self._described(status, **more))
        self._response = None
        return ended

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self._message, "output_index": self._outputs, "content_index": 0}

    def _item(self, status: str) -> Message:
        content = [] if status == "in_progress" else [_part(self._said)]
        return {"id": self._message, "type": "message", "role": "assistant", "status": status, "content": content}

    def _described(self, status: str, **more: Any) -> Message:
        head = {"id": self._response, "object": "response", "created_at": int(time.time()), "model": self._model}
        cleared = {"output": [], "tools": [], "tool_choice": "auto", "parallel_tool_calls": False}
        return {**head, **cleared, "status": status, "error": None, "usage": None, **more}

    def _event(self, kind: str, **fields: Any) -> Message:
        number, self._number = self._number, self._number + 1
        event = {"type": f"response.{kind}", "sequence_number": number, **fields}
        return event_of("response.event", delegation_id=self._delegation, event=event)


def _part(text: str) -> Message:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
