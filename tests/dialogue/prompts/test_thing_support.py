"""What is said of one thing is not taken for another one."""

from __future__ import annotations

import pytest

from dialogue.prompts.thing_support import things_fit

HARBOUR = [
    "[3.0 s camera: two people, one in blue on the left and one in grey on the right; three boats, two white ones in "
    "the middle and a red one on the right; a black dog on the left]",
    "[4.0 s text: “PIER 7”]",
]


@pytest.mark.parametrize(
    ("asked", "said", "fit"),
    [
        ("What colour is the dog?", "The dog is black.", True),
        ("What colour is the dog?", "The dog is white.", False),
        ("Where is the dog?", "The dog is on the right.", False),
        ("How many boats are there?", "There are three boats.", True),
        ("How many of the boats are white?", "Two boats are white.", True),
        ("How many boats are on the right?", "There are two boats on the right.", True),
        ("How many people will come?", "Three people will come.", False),
        ("How many people and dogs are there?", "There are three: two people and a dog.", True),
        ("Which pier are the boats at?", "The boats are at pier 7.", True),
        ("What does the person on the right wear?", "The person wears grey.", True),
        ("How many berths are free?", "Two berths are free.", False),
        ("How many berths are free?", "There are 2 free.", False),
        ("How many others are here?", "There are two others here.", True),
        ("What colour are the sails?", "The sails are red.", False),
        ("How long does a horse live?", "A horse lives for 30 years.", True),
    ],
)
def test_numbers_colours_and_places_are_those_of_the_thing(asked: str, said: str, fit: bool) -> None:
    assert things_fit(said, asked, HARBOUR) is fit


@pytest.mark.parametrize(
    ("asked", "said", "fit"),
    [
        ("Is the dog on the left or the right?", "The dog is on the right.", False),
        ("Is the dog on the left or the right?", "The dog is on the left.", True),
        ("The dog, is that black or brown?", "It is brown.", False),
        ("The dog is brown, am I right?", "Yes, it is.", False),
        ("The dog is black, am I right?", "Yes, it is.", True),
        ("Is the dog white?", "No, it is black.", True),
    ],
)
def test_a_choice_and_what_a_yes_affirms_are_claims(asked: str, said: str, fit: bool) -> None:
    assert things_fit(said, asked, HARBOUR) is fit
