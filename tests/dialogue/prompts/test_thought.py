"""Thoughts are taken out of a text that grows, and nothing released is ever taken back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dialogue.prompts.thought import opens_thought, without_thoughts


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>\nHm.\n</think>\n\nHello.", "Hello."),
        ("<think>\nHm, <b>", ""),
        ("Hello. <think>What else?</think>Bye.", "Hello. Bye."),
        ("\n</think>\n\nHello.", "Hello."),
        ("1 < 2 is true.", "1 < 2 is true."),
        ("Hello.", "Hello."),
    ],
)
def test_what_is_thought_is_left_out(text: str, left: str) -> None:
    assert without_thoughts(text) == left


@pytest.mark.parametrize(
    "text", ["<think>a</think>Hello <b>you</b>.", "Hello<think> a < b </think> you.", "a </think> b"]
)
def test_a_longer_text_only_adds(text: str) -> None:
    shown = [without_thoughts(text[:end]) for end in range(len(text) + 1)]
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))


def test_an_opened_thought_is_noticed() -> None:
    assert opens_thought("Hello <think>\n")
    assert not opens_thought("<think>\n</think>\n\n")
