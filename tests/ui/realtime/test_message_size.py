"""No message is longer than a data channel takes, and a reply loses no word."""

from __future__ import annotations

import json

import pytest

from ui.realtime.message_size import MOST_BYTES, within_size
from ui.realtime.wire import Message, encoded


def test_a_short_message_stays_one() -> None:
    message: Message = {"type": "reply_text", "turn": 1, "text": "Hello."}
    assert list(within_size(message)) == [encoded(message)]


@pytest.mark.parametrize("letter", ["a", "ü", "🙂", '"', "\n"])
def test_a_long_delta_is_cut_into_several_without_loss(letter: str) -> None:
    sent = list(within_size({"type": "reply_text", "turn": 3, "text": letter * 70_000}))
    assert len(sent) > 1 and max(map(len, sent)) <= MOST_BYTES
    messages = [json.loads(each) for each in sent]
    assert "".join(each["text"] for each in messages) == letter * 70_000
    assert {(each["type"], each["turn"]) for each in messages} == {("reply_text", 3)}


def test_the_end_of_a_reply_keeps_the_beginning_of_its_texts() -> None:
    text = "🙂" * 70_000
    [sent] = within_size({"type": "reply_ended", "turn": 1, "said": text, "heard": text, "cut": False})
    message = json.loads(sent)
    assert len(sent) <= MOST_BYTES
    assert message["said"].startswith("🙂" * 2000) and message["said"].endswith("…")
    assert (message["turn"], message["cut"]) == (1, False)


def test_a_scene_of_endless_signs_is_sent_without_them() -> None:
    signs = [{"text": "x" * 100, "box": [0, 0, 1, 1]}] * 1000
    [sent] = within_size({"type": "scene", "at": 1.0, "objects": [], "texts": signs, "description": "signs"})
    assert len(sent) <= MOST_BYTES
    assert json.loads(sent)["description"] == "signs"
