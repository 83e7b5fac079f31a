"""Requests about the memory itself, and similar sentences that must not be taken for them."""

from __future__ import annotations

import pytest

from dialogue.requests.memory_requests import MemoryRequest, memory_request


@pytest.mark.parametrize(
    ("text", "kind", "about"),
    [
        ("Forget that.", "that", ""),
        ("Please forget what I just told you.", "that", ""),
        ("Don't remember that, please!", "that", ""),
        ("Could you delete the last thing I said?", "that", ""),
        ("Forget everything about my sister.", "about", "my sister"),
        ("Please forget what I told you about the garage code", "about", "the garage code"),
        ("Delete everything you know about Tom.", "about", "tom"),
        ("Forget my birthday.", "about", "my birthday"),
        ("Forget this call.", "call", ""),
        ("Forget everything I said today.", "call", ""),
        ("Forget everything.", "all", ""),
        ("Forget everything you know about me.", "all", ""),
        ("Erase your memory", "all", ""),
        ("What do you know about me?", "known", ""),
        ("Tell me everything you know about me.", "known", ""),
        ("What have you remembered about me so far?", "known", ""),
        ("Do you remember our calls?", "kept", ""),
        ("Are you recording this conversation?", "kept", ""),
        ("Will you remember me tomorrow?", "kept", ""),
        ("Yes.", "yes", ""),
        ("Yes, please do", "yes", ""),
        ("No!", "no", ""),
        ("Okay, do it.", "yes", ""),
    ],
)
def test_a_request_is_understood(text: str, kind: str, about: str) -> None:
    found = memory_request(text)
    assert found is not None
    assert (found.kind, found.about) == (kind, about)


@pytest.mark.parametrize(
    "text",
    [
        "Don't forget that the bin goes out on Monday.",
        "I always forget my keys.",
        "I forget everything.",
        "How do I forget everything about my ex?",
        "Did you forget that?",
        "Forget it.",
        "What do you know about penguins?",
        "What do you remember about my sister?",
        "Do you remember my dog?",
        "Why do people forget things?",
        "Never forget that I love you.",
        "Delete is a key on my keyboard.",
        "Forget about the weather.",
    ],
)
def test_other_sentences_are_none(text: str) -> None:
    assert memory_request(text) is None


def test_the_last_sentence_counts() -> None:
    assert memory_request("My code is 4711. Oh no. Forget that.") == MemoryRequest("that")
