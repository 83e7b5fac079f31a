"""Turns that ask and turns that tell. Also tests `unspaced.py`."""

from __future__ import annotations

import time

import pytest

from dialogue.text.questions import is_question


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("What is that?", True), ("Is there a dog", True), ("My dog is called Rex.", False), ("You know Tom?", True),
        ("I have a boat. Do you like boats?", False), ("Can you read it", True), ("Where I live it rains.", True),
    ],
)  # fmt: skip
def test_questions_differ_from_statements(text: str, asks: bool) -> None:
    assert is_question(text) == asks


@pytest.mark.parametrize("text", ["what did i tell you about " * 4000, "what " * 25, "x" * 100_000])
def test_a_pasted_page_costs_little(text: str) -> None:
    began = time.process_time()
    is_question(text)
    assert time.process_time() - began < 0.5
