"""The reply takes one of several rows or pictures that can be meant."""

from __future__ import annotations

import pytest

from dialogue.prompts.row_support import rows_fit
from dialogue.prompts.scene_support import is_supported

BILL = ["[9.0 s text: “RED LION; 2 Pea soup: 11.00; Roast lamb: 19.50; 3 Cider: 12.00”]"]
BOATS = [
    "[9.0 s text: “Boat Orca: Departs 7:15, Arrives 8:05, Pier A; Boat Seal: Departs 15:45, Arrives 16:50, Pier B”]"
]
WINDOWS = ["Picture 1: A red umbrella, two hats.", "Picture 2: Two umbrellas, a green backpack."]


@pytest.mark.parametrize(
    ("entries", "asked", "said", "fit"),
    [
        (BILL, "One soup alone, how much is that?", "One soup costs 11.00.", False),
        (BILL, "How much is one cider?", "One cider is 4.00.", True),
        (BILL, "How much is one lamb?", "One lamb is 19.50.", True),
        (BILL, "What are the two soups?", "They are 11.00.", True),
        (BOATS, "I only have time in the afternoon. Which one can I take?", "You can take the Orca.", False),
        (BOATS, "I only have time in the afternoon. Which one can I take?", "You can take the Seal.", True),
        (BOATS, "Which one goes in the morning?", "The Orca.", True),
        (WINDOWS, "Which window has more umbrellas?", "The window with the umbrellas has more.", False),
        (WINDOWS, "Which window has more umbrellas?", "The second one has more.", True),
        (WINDOWS, "And which of them would a hiker like?", "The one with the backpack.", True),
    ],
)
def test_the_row_or_picture_can_be_the_one_that_is_meant(entries: list[str], asked: str, said: str, fit: bool) -> None:
    assert rows_fit(said, asked, entries) is fit


@pytest.mark.parametrize(
    ("asked", "said", "supported"),
    [
        ("When does the Seal set off?", "The Seal sets off at 15:45.", True),
        ("When does the Seal get there?", "It gets there at 15:45.", False),
        ("Which pier is the Orca's?", "The Orca's pier is pier A.", True),
        ("Which pier is the Orca's?", "The Orca's pier is pier D.", False),
    ],
)
def test_headings_in_other_words_and_letters_count(asked: str, said: str, supported: bool) -> None:
    assert is_supported(said, asked, BOATS) is supported


def test_forms_of_irregular_verbs_are_one_word() -> None:
    assert is_supported("You paid with a Visa.", "Which card did I pay with?", ["[9.0 s text: “Visa: 59.90”]"])
