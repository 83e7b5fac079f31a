"""Whoever knows the token may enter, and nobody else."""

from __future__ import annotations

import pytest

from dialogue.errors import AssistantError
from ui.http.access import checked_token, may_enter, new_token


def test_tokens_are_new_each_time_and_can_be_sent() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(checked_token(token) == token for token in tokens)


@pytest.mark.parametrize(
    "token", ["", "short", "fifteen-letters", "a token with spaces", "ümläute-in-the-token", "a#b" * 9]
)
def test_a_token_that_is_easily_guessed_or_cannot_be_sent_is_refused(token: str) -> None:
    with pytest.raises(AssistantError, match="at least 16 characters"):
        checked_token(token)


@pytest.mark.parametrize(
    ("header", "enters"),
    [
        ("Bearer 0123456789abcdef", True),
        ("bearer 0123456789abcdef", True),
        ("Bearer  0123456789abcdef ", True),
        ("Bearer 0123456789abcdeF", False),
        ("Bearer 0123456789abcde", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Basic 0123456789abcdef", False),
        ("0123456789abcdef", False),
        ("Bearer \udcff\udcff", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_whole_token_opens(header: str | None, enters: bool) -> None:
    assert may_enter("0123456789abcdef", header) is enters
