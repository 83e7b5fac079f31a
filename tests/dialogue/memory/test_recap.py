"""What is kept of turns that have left, how much of it, and what goes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.recap import HEADING, Recap


def words(text: str) -> int:
    return len(text.split())


def left(*said: str) -> list[LedgerEntry]:
    return [LedgerEntry("text", 9, at, at + 1, at, note=text) for at, text in enumerate(said)]


def test_nothing_left_nothing_to_recap() -> None:
    assert Recap(50, words).text == ""


def test_statements_are_kept_as_they_were_said() -> None:
    recap = Recap(50, words)
    recap.add(left("My sister Ruth is a nurse in Leeds.", "The garden was better last year."))
    assert recap.text == f"{HEADING}\n- My sister Ruth is a nurse in Leeds.\n- The garden was better last year."


@pytest.mark.parametrize("text", ["What is that?", "Hello", "Is there a dog", "Yes please.", ""])
def test_what_tells_nothing_leaves_nothing(text: str) -> None:
    recap = Recap(50, words)
    recap.add(left(text))
    assert recap.text == ""


def test_our_own_replies_pictures_and_sound_are_not_repeated() -> None:
    recap = Recap(50, words)
    recap.add(LedgerEntry(kind, 9, 0, 1, 1, note="My name is Omni and I like trains.") for kind in ("reply", "picture"))
    assert recap.text == ""


def test_what_is_told_about_oneself_outlives_small_talk() -> None:
    recap = Recap(60, words)
    recap.add(left("My name is Anna, by the way.", "I am a vegetarian."))
    for number in range(100):
        recap.add(left(f"The film number {number} was long and not very good."))
        assert words(recap.text) <= 60
    assert "Anna" in recap.text and "vegetarian" in recap.text
    assert "number 99 " in recap.text


def test_what_is_said_twice_is_kept_once_as_the_newest() -> None:
    recap = Recap(60, words)
    recap.add(left("My dog is ill.", "The weather is fine today.", "my dog is ill"))
    assert recap.text.splitlines()[1:] == ["- The weather is fine today.", "- my dog is ill"]


def test_a_long_story_is_cut_short() -> None:
    recap = Recap(60, words)
    recap.add(left("My boat sank. " + "We swam. " * 50, "I " + "really " * 50 + "swam."))
    _, boat, swam = recap.text.splitlines()
    assert boat.startswith("- My boat sank. We swam.") and boat.endswith("We swam.")
    assert swam == f"- I {'really ' * 15}..."


@given(st.lists(st.text(max_size=200), max_size=40), st.integers(5, 60))
def test_it_is_bounded_and_between_two_cuts_only_grows(said: list[str], most: int) -> None:
    recap, before = Recap(most, words), ""
    for text in said:
        recap.add(left(text))
        assert words(recap.text) <= most
        shrunk = words(recap.text) <= most * 3 // 4
        assert recap.text.startswith(before) or shrunk or len(set(said)) < len(said)
        before = recap.text
