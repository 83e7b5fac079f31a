"""Flat histories of MiniCPM-o's `multimodal_chat` become messages with roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialogue.errors import BadInput
from ui.api.multimodal_history import messages_from_items


def test_items_between_replies_form_one_message_of_the_user() -> None:
    items: list[dict[str, Any]] = [
        {"type": "image", "content": Path("a.jpg")},
        {"type": "text", "content": "What?"},
        {"type": "assistant", "content": "A cup."},
        {"type": "audio", "content": [0.0], "rate": 48_000},
    ]
    assert messages_from_items(items) == [
        {
            "role": "user",
            "content": [{"type": "image", "image": Path("a.jpg")}, {"type": "text", "text": "What?"}],
        },
        {"role": "assistant", "content": "A cup."},
        {"role": "user", "content": [{"type": "audio", "audio": [0.0], "rate": 48_000}]},
    ]
    assert messages_from_items([]) == []


@pytest.mark.parametrize("bad", [{"type": "smell", "content": "x"}, {"type": "text"}, "text", {"content": "x"}])
def test_a_malformed_item_is_named(bad: Any) -> None:
    with pytest.raises(BadInput, match="Item 2 must be"):
        messages_from_items([{"type": "text", "content": "Hello"}, bad])


@pytest.mark.parametrize("bad", ["text", {"type": "text", "content": "x"}, 5])
def test_a_history_is_a_list(bad: Any) -> None:
    with pytest.raises(BadInput, match="list of items"):
        messages_from_items(bad)
