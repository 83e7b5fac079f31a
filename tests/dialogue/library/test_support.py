"""What a text does not say is not supported by it."""

from __future__ import annotations

import pytest

from dialogue.library.support import is_supported

TEXT = "Edda Holm, who lives in Vardo, paid 1,940.50 euros for the compass on 3 May."


@pytest.mark.parametrize(
    ("said", "supported"),
    [
        ("Vardo", True),
        ("London", False),
        ("1,940.50", True),
        ("1,940.50 euros", True),
        ("€1940.50", True),
        ("1,940.60", False),
        ("$1,940.50", False),
        ("1,940.50 euros per compass", True),
        ("in London", False),
        ("Edda Holm paid 1940.5 euros", True),
        ("Edda Holm paid 940 euros", False),
        ("Bert Holm paid for the compass", True),  # the first word of a sentence may be any word
        ("The compass was bought by Bert.", False),
        ("She walked through the forest for many days and nights", False),
        ("Where she lives", True),
    ],
)
def test_numbers_names_and_most_words_must_stand_in_the_text(said: str, supported: bool) -> None:
    assert is_supported(said, TEXT, "Where does the owner live?") is supported


@pytest.mark.parametrize(
    ("said", "supported"),
    [
        ("Three months", True),
        ("3 months", True),
        ("nine months", False),
        ("for twenty-one days", True),
        ("22 days", False),
    ],
)
def test_numbers_in_words_are_numbers(said: str, supported: bool) -> None:
    text = "The notice period is three months, and the keys are returned within 21 days."
    assert is_supported(said, text, "How long is the notice period, and when are keys returned?") is supported
