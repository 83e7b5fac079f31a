"""The turns of a conversation, as they were heard."""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.memory.history import History


def talk(*texts: str) -> History:
    """The user begins; sides alternate."""
    history = History()
    for number, text in enumerate(texts):
        at = float(number)
        history.add(ReplyBlock(text, at, at + 1) if number % 2 else TextBlock(text, at, at + 1))
    return history


def test_it_is_bounded_and_ignores_empty_turns() -> None:
    history = History(limit=4)
    for number in range(10):
        history.add(TextBlock(f"turn {number}", number, number))
        history.add(ReplyBlock("  ", number, number))
    assert history.user_texts() == ["turn 6", "turn 7", "turn 8", "turn 9"]


def test_the_last_turns_can_be_removed() -> None:
    history = talk("a", "b", "c")
    history.forget(2)
    assert [block.text for block in history.blocks] == ["a"]
    history.forget(5)
    assert len(history) == 0
