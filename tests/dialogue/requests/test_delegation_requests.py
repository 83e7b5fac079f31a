"""Requests for the larger model, and similar sentences that must not be taken for them."""

from __future__ import annotations

import pytest

from dialogue.requests.delegation_requests import DelegationRequest, delegation_request


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ask the big model how far the moon is.", "How far the moon is."),
        ("Please ask the larger model: what's the capital of Peru?", "What's the capital of Peru?"),
        ("Could you ask your other brain about Sofia Kovalevskaya?", "Tell me about Sofia Kovalevskaya?"),
        ("Think hard about why leaves are green.", "Tell me about why leaves are green."),
        ("Um, think harder.", ""),
        ("Look into it, please.", ""),
        ("Can you look into the history of Leeds?", "The history of Leeds?"),
        ("Let the big model answer that.", ""),
        ("That is a hard one. Ask the big model.", ""),
        ("Research the best way to store potatoes.", "The best way to store potatoes."),
    ],
)
def test_a_question_for_the_larger_model_is_understood(text: str, words: str) -> None:
    assert delegation_request(text, pending=False) == DelegationRequest("ask", words)


@pytest.mark.parametrize(
    "text",
    [
        "I think hard work pays off.",
        "Did you look into the mirror?",
        "I looked into it yesterday.",
        "What is the big model on the table?",
        "I asked the big model yesterday.",
        "My research is about fish.",
        "Never mind.",
        "Is there an answer?",
    ],
)
def test_other_sentences_are_none(text: str) -> None:
    assert delegation_request(text, pending=False) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Never mind.", "cancel"),
        ("Oh, forget it.", "cancel"),
        ("Please stop looking.", "cancel"),
        ("It doesn't matter anymore.", "cancel"),
        ("Are you still working on it?", "state"),
        ("Do you have an answer yet?", "state"),
        ("What is taking so long?", "state"),
    ],
)
def test_what_is_pending_can_be_taken_back_and_asked_about(text: str, kind: str) -> None:
    found = delegation_request(text, pending=True)
    assert found is not None and found.kind == kind
