"""The recap of evicted turns: what it keeps, how much, and what it drops first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.llm.rolling_ledger import LedgerEntry
from dialogue.memory.recap import HEADING, Recap, is_personal


def words(text: str) -> int:
    return len(text.split())


def left(*said: str) -> list[LedgerEntry]:
    return [LedgerEntry("text", 9, at, at + 1, at, note=text) for at, text in enumerate(said)]


def test_without_evicted_turns_it_is_empty() -> None:
    assert Recap(50, words).text == ""


def test_statements_are_kept_verbatim() -> None:
    recap = Recap(50, words)
    recap.add(left("My sister Ruth is a nurse in Leeds.", "The garden was better last year."))
    assert recap.text == f"{HEADING}\n- My sister Ruth is a nurse in Leeds.\n- The garden was better last year."


@pytest.mark.parametrize("text", ["What is that?", "Hello", "Is there a dog", "Yes please.", ""])
def test_turns_without_a_statement_are_left_out(text: str) -> None:
    recap = Recap(50, words)
    recap.add(left(text))
    assert recap.text == ""


def test_replies_pictures_and_sound_are_left_out() -> None:
    recap = Recap(50, words)
    recap.add(LedgerEntry(kind, 9, 0, 1, 1, note="My name is Omni and I like trains.") for kind in ("reply", "picture"))
    assert recap.text == ""


def test_personal_statements_outlive_small_talk() -> None:
    recap = Recap(60, words)
    recap.add(left("My name is Anna, by the way.", "I am a vegetarian."))
    for number in range(100):
        recap.add(left(f"The film number {number} was long and not very good."))
        assert words(recap.text) <= 60
    assert "Anna" in recap.text and "vegetarian" in recap.text
    assert "number 99 " in recap.text


def test_a_repeated_statement_is_kept_once_as_the_newest() -> None:
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
def test_it_is_bounded_and_only_grows_between_two_cuts(said: list[str], most: int) -> None:
    recap, before = Recap(most, words), ""
    for text in said:
        recap.add(left(text))
        assert words(recap.text) <= most
        shrunk = words(recap.text) <= most * 3 // 4
        assert recap.text.startswith(before) or shrunk or len(set(said)) < len(said)
        before = recap.text


def test_chinese_statements_are_kept_and_questions_are_not() -> None:
    recap = Recap(200, len)
    said = ("我对花生过敏。", "现在几点？", "好的。", "今天天气不错，我们出去走走吧。")
    recap.add(LedgerEntry("text", 5, 0.0, 1.0, turn=1, note=text) for text in said)
    assert recap.text.splitlines()[1:] == ["- 我对花生过敏。", "- 今天天气不错，我们出去走走吧。"]
    assert is_personal("我对花生过敏。") and not is_personal("天气不错。")
