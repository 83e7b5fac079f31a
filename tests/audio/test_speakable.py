"""Text normalisation for TTS: written text and its spoken form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.speakable import speakable

SAID = {
    "Plain words, nothing special.": "Plain words, nothing special.",
    "**Yes**, I *can* see `it`.": "Yes, I can see it.",
    "# Title\n- one\n- two": "Title\none\ntwo",
    "| a | b |\n|---|---|\n| 1 | 2 |": "a, b\n1, 2",
    "[the sign](https://x.com/y) is red": "the sign is red",
    "See https://www.example.com/a/b?q=1, ok?": "See example dot com, ok?",
    "Good 🙂👍🏽 morning": "Good morning",
    "🙂": "",
    "...": "",
    'It says "PLEASE DO NOT FEED THE DUCKS".': 'It says "Please Do Not Feed The Ducks".',
    "EXIT 42": "Exit 42",
    "My TV, USB and NASA": "My TV, USB and NASA",
    "At 9:05, 14:00, 7:00 pm, 00:00 and 7:30 a.m. we eat": (
        "At nine oh five, fourteen hundred, seven p.m., midnight and seven thirty a.m. we eat"
    ),
    "It is 21°C & 45% humid, 3-5 km, and/or 2x4": (
        "It is 21 degrees Celsius and 45 percent humid, 3 to 5 km, and or 2 by 4"
    ),
    "2026-11-21 and 555-123-4567": "2026-11-21 and 555-123-4567",
    "5 * 3 = 15": "5 times 3 equals 15",
    "score 3:2": "score 3:2",
}


@pytest.mark.parametrize("written", SAID)
def test_text_is_rewritten_as_a_person_would_read_it(written: str) -> None:
    assert speakable(written) == SAID[written]


@pytest.mark.parametrize("written", SAID)
def test_normalising_twice_changes_nothing_more(written: str) -> None:
    assert speakable(SAID[written]) == SAID[written]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aB 1*_`#[]()<>|~-:.,\n°%&=+/😀EXIT", max_size=40))
def test_any_text_becomes_speakable_or_empty(text: str) -> None:
    once = speakable(text)
    assert not set(once) & set("*`😀|")
    assert once == "" or any(letter.isalnum() for letter in once)


@pytest.mark.parametrize("piece", ["*", "[", "[a](", " ", "\n", "|", "<a ", "www.", "a:", "**a", " |", "`"])
def test_repeated_markup_is_normalised_within_two_seconds(piece: str) -> None:
    began = time.process_time()
    speakable(piece * 3000)
    assert time.process_time() - began < 2
