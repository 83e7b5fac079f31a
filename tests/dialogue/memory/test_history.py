"""The turns of a conversation, as they were heard."""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, SceneBlock, TextBlock
from dialogue.memory.timeline import KEPT, Timeline


def talk(*texts: str) -> Timeline:
    """The user begins; sides alternate."""
    timeline = Timeline()
    for number, text in enumerate(texts):
        at = float(number)
        timeline.add(ReplyBlock(text, at, at + 1) if number % 2 else TextBlock(text, at, at + 1))
    return timeline


def test_it_is_bounded_and_ignores_empty_turns() -> None:
    timeline = Timeline()
    for number in range(2 * KEPT):
        timeline.add(TextBlock(f"turn {number}", number, number))
        timeline.add(ReplyBlock("  ", number, number))
        timeline.trim(timeline.position)
    assert timeline.history().user_texts() == [f"turn {number}" for number in range(KEPT, 2 * KEPT)]


def test_the_last_turns_can_be_removed() -> None:
    timeline = talk("a", "b", "c")
    timeline.rewind(1)
    assert [block.text for block in timeline.history().blocks] == ["a"]
    timeline.rewind(0)
    assert len(timeline.history()) == 0


def test_the_turn_that_is_being_answered_can_be_left_out() -> None:
    timeline = talk("a", "b", "c")
    asked = timeline.asked
    assert asked is not None
    timeline.add(SceneBlock((), "", 4.0))
    assert timeline.history(before=asked.number).user_texts() == ["a"]
    last = timeline.history().last_reply()
    assert last is not None and last.text == "b"
