"""Makes events of OpenAI's Realtime dialect, each with an id."""

from __future__ import annotations

import secrets
from typing import Any

from ui.realtime.dialect import Message


def event_of(kind: str, **data: Any) -> Message:
    """A server event of this type."""
    return {"type": kind, "event_id": new_id("event"), **data}


def error_event(
    message: str, event_id: Any, *, code: str | None = None, kind: str = "invalid_request_error"
) -> Message:
    """An error that leaves the session alive."""
    error = {"type": kind, "code": code, "message": message, "param": None, "event_id": event_id}
    return event_of("error", error=error)


class ItemOrder:
    """The order of the items in a conversation."""

    def __init__(self) -> None:
        self._last: str | None = None

    def add(self, item: Message) -> str | None:
        """Takes note of a new item. Returns the id of the one before."""
        before, self._last = self._last, item["id"]
        return before

    @property
    def last(self) -> str | None:
        return self._last


def new_id(kind: str) -> str:
    """A random id, such as "item_3f..."."""
    return f"{kind}_{secrets.token_hex(10)}"
