"""Converts the flat histories of MiniCPM-o's `multimodal_chat` into messages with roles.

An item is {"type": "text" | "image" | "audio" | "video" | "assistant", "content": ...}. Items up to the next one of
type "assistant" form one message of the user; the content of an "assistant" item is an earlier reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dialogue.errors import BadInput

USER_TYPES = ("text", "image", "audio", "video")
TYPES = (*USER_TYPES, "assistant")


def messages_from_items(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """[{"role", "content"}], as `Assistant.chat` takes them. Raises BadInput naming the item that is malformed."""
    if isinstance(items, str | Mapping) or not isinstance(items, Sequence):
        raise BadInput('A history is a list of items: [{"type": "text", "content": "..."}].')
    messages: list[dict[str, Any]] = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping) or item.get("type") not in TYPES or item.get("content") is None:
            raise BadInput(f'Item {number} must be {{"type": one of {", ".join(TYPES)}, "content": ...}}.')
        kind, content = item["type"], item["content"]
        if kind == "assistant":
            messages.append({"role": "assistant", "content": content})
            continue
        if not messages or messages[-1]["role"] != "user":
            messages.append({"role": "user", "content": []})
        others = {name: value for name, value in item.items() if name not in ("type", "content")}
        messages[-1]["content"].append({"type": kind, kind: content, **others})
    return messages
