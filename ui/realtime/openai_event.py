"""Makes events of OpenAI's Realtime dialect, each with an id."""

from __future__ import annotations

import secrets
from typing import Any

from ui.realtime.dialect import Message


def event_of(kind: str, **data: Any) -> Message:
    """A server event of this type."""
    return {"type": kind, "event_id": new_id("event"), **data}


def new_id(kind: str) -> str:
    """A random id, such as "item_3f..."."""
    return f"{kind}_{secrets.token_hex(10)}"
