"""What is remembered of a conversation is what was heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.memory.history import History, heard_words


def talk(*texts: str) -> History:
    """The user begins; sides alternate."""
    history = History()
    for number, text in enumerate(texts):
        at = float(number)
        history.add(ReplyBlock(text, at, at + 1) if number % 2 else TextBlock(text, at, at + 1))
    return history


def test_an_interrupted_reply_keeps_whole_heard_words() -> None:
    history = talk("Hello", "The sky is blue because of scattering.")
    history.truncate(len("The sky is bl"), at=9.0)
    last = history.last_reply()
    assert last is not None
    assert (last.text, last.cut, last.end) == ("The sky is", True, 9.0)


def test_a_reply_nobody_heard_vanishes() -> None:
    history = talk("Hello", "Never heard.")
    history.truncate(0, at=2.0)
    assert history.last_reply() is None
    assert history.user_texts() == ["Hello"]


def test_a_reply_heard_to_its_end_is_not_cut() -> None:
    history = talk("Hello", "Good day.")
    history.truncate(100, at=2.0)
    assert history.last_reply() == ReplyBlock("Good day.", 1.0, 2.0, cut=False)


def test_truncating_after_the_user_spoke_changes_nothing() -> None:
    history = talk("Hello", "Good day.", "And?")
    history.truncate(1, at=5.0)
    assert len(history) == 3


@given(st.text(max_size=60), st.integers(0, 80))
def test_heard_words_are_a_beginning_of_what_was_said(text: str, characters: int) -> None:
    heard = heard_words(text, characters)
    assert text.startswith(heard)
    assert len(heard) <= characters or characters >= len(text)


@pytest.mark.parametrize(
    ("characters", "heard"), [(0, ""), (3, ""), (5, "Hello"), (6, "Hello,"), (9, "Hello,"), (12, "Hello, world")]
)
def test_words_half_heard_are_not_heard(characters: int, heard: str) -> None:
    assert heard_words("Hello, world!", characters) == heard


def test_it_is_bounded_and_empty_turns_leave_no_trace() -> None:
    history = History(limit=4)
    for number in range(10):
        history.add(TextBlock(f"turn {number}", number, number))
        history.add(ReplyBlock("  ", number, number))
    assert history.user_texts() == ["turn 6", "turn 7", "turn 8", "turn 9"]


def test_as_text_shows_both_sides_and_cuts() -> None:
    history = talk("Hello", "Good day to you.")
    history.truncate(8, at=2.0)
    assert history.as_text() == "You: Hello\nAssistant: Good day -"


def test_turns_can_be_taken_back() -> None:
    history = talk("a", "b", "c")
    history.forget(2)
    assert [block.text for block in history.blocks] == ["a"]
    history.forget(5)
    assert len(history) == 0
