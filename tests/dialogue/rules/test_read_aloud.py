"""Requests to read everything aloud are kept apart from questions about a sign."""

from __future__ import annotations

import pytest

from dialogue.rules.read_aloud import is_to_be_read_aloud, is_to_go_on_reading, running_text


@pytest.mark.parametrize(
    "words",
    [
        "Read it to me.",
        "Please read this page aloud.",
        "Can you read me the letter?",
        "Read the whole page to me, please.",
        "Could you read that out loud?",
    ],
)
def test_it_is_to_be_read_aloud(words: str) -> None:
    assert is_to_be_read_aloud(words)


@pytest.mark.parametrize(
    "words", ["What does the sign say?", "Read the sign.", "I like to read it to my kids.", "Read on."]
)
def test_something_else_is_asked(words: str) -> None:
    assert not is_to_be_read_aloud(words)


def test_reading_goes_on_where_it_was_left() -> None:
    assert all(map(is_to_go_on_reading, ["Go on reading.", "Keep reading, please.", "Read on."]))
    assert not is_to_go_on_reading("I keep forgetting things.")


def test_rows_become_a_text_that_can_be_spoken() -> None:
    assert running_text(["Dear Mrs Miller,", "thank you for", "your order.", "Kind regards"]) == (
        "Dear Mrs Miller, thank you for your order. Kind regards"
    )
    assert running_text(["Milk 1.35", "TOTAL 1.35"]) == "Milk 1.35, TOTAL 1.35"


def test_chinese_rows_that_are_full_go_on_in_the_next() -> None:
    page = ["春天来了，花园里的花都开了，孩子们", "在草地上跑来跑去。老人坐在树下看", "书。", "营业时间"]
    assert running_text(page) == "春天来了，花园里的花都开了，孩子们在草地上跑来跑去。老人坐在树下看书。营业时间"
    assert running_text(["欢迎光临", "营业时间：九点到五点", "周日休息"]) == "欢迎光临，营业时间：九点到五点，周日休息"
