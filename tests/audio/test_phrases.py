"""Splitting text into phrases: the cuts, and that no text is lost however it arrives."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.phrases import PhraseSplitter


def phrases_of(pieces: list[str]) -> list[str]:
    splitter = PhraseSplitter()
    return [phrase for piece in pieces for phrase in splitter.push(piece)] + splitter.flush()


def split(text: str) -> list[str]:
    return [phrase.strip() for phrase in phrases_of([text])]


CASES = {
    "Yes, I can see a red cup. It is full.": ["Yes,", "I can see a red cup.", "It is full."],
    "It is 3.5 metres. Or 1,000.5 feet? Yes!": ["It is 3.5 metres.", "Or 1,000.5 feet?", "Yes!"],
    "Dr. Smith met Mr. J. K. Jones. They left.": ["Dr. Smith met Mr. J. K. Jones.", "They left."],
    "Fruit e.g. apples. The U.S. Army came.": ["Fruit e.g. apples.", "The U.S. Army came."],
    "At 5 p.m. It rained. No. It is No. 5.": ["At 5 p.m.", "It rained.", "No.", "It is No. 5."],
    'It says "EXIT 42. Push. Wait." in red. Good.': ['It says "EXIT 42. Push. Wait." in red.', "Good."],
    'He said "Stop." Then he left.': ['He said "Stop."', "Then he left."],
    "(He said, softly, no.) Then yes.": ["(He said, softly, no.)", "Then yes."],
    "Well... maybe not. Hm… Ok.": ["Well... maybe not.", "Hm…", "Ok."],
    "1. Apples\n2. Pears\n\nDone": ["1. Apples", "2. Pears", "Done"],
    "I can see a person standing near the window while holding a phone": [
        "I can see a person standing near the window",
        "while holding a phone",
    ],
}


@pytest.mark.parametrize("text", CASES)
def test_text_is_cut_where_a_speaker_may_breathe(text: str) -> None:
    assert split(text) == CASES[text]


@pytest.mark.parametrize("text", CASES)
def test_any_chunking_gives_the_same_phrases(text: str) -> None:
    whole = phrases_of([text])
    assert "".join(whole) == text
    for seed in range(30):
        rng, pieces, place = random.Random(seed), [], 0
        while place < len(text):
            length = rng.randint(1, 6)
            pieces.append(text[place : place + length])
            place += length
        assert phrases_of(pieces) == whole


def test_a_first_phrase_that_is_waited_for_ends_as_soon_as_it_may() -> None:
    splitter, found = PhraseSplitter(), []
    text = "Dogs are loyal animals that have lived with people for thousands of years. They bark. "
    for word in text.split(" "):
        found += splitter.push(word + " ", waiting=True)
    assert [phrase.strip() for phrase in found] == [
        "Dogs are loyal",
        "animals that have lived with people for thousands of years.",
    ]
    assert "".join(splitter.flush()).strip() == "They bark."


def test_words_that_belong_together_stay_so_however_long_one_waits() -> None:
    splitter = PhraseSplitter()
    found = [
        phrase for word in ("It ", "is ", "in ", "the ", "old ", "town ", "of ") for phrase in splitter.push(word, True)
    ]
    assert found == ["It is in the old "]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(alphabet='aBe.,!?"“”() \n5—Dr:;-…', max_size=12), max_size=12))
def test_no_text_is_lost_and_chunking_does_not_matter(pieces: list[str]) -> None:
    phrases = phrases_of(pieces)
    assert "".join(phrases) == "".join(pieces)
    assert phrases == phrases_of(["".join(pieces)])


def test_the_first_phrase_comes_as_soon_as_the_next_word_begins() -> None:
    splitter = PhraseSplitter()
    assert splitter.push("Sure, ") == []
    assert splitter.push("I") == ["Sure, "]


def test_a_sign_is_never_separated_from_its_number() -> None:
    text = "There is a big green sign over that door reading EXIT 42 and another one reading GATE 7 beside it"
    for limit in range(3, 20):
        splitter = PhraseSplitter(first_words=2, first_max_words=limit, max_words=max(limit, 4))
        for phrase in splitter.push(text) + splitter.flush():
            assert not phrase.rstrip().endswith(("EXIT", "GATE"))


def test_an_endless_sentence_is_cut() -> None:
    phrases = split("word " * 500)
    assert max(len(phrase.split()) for phrase in phrases) <= 33
    assert max(len(phrase.split()) for phrase in split("the " * 500)) <= 96
    assert max(len(phrase) for phrase in split("x" * 5000)) <= 200


def test_an_unclosed_quotation_does_not_block_the_phrases() -> None:
    assert len(split('It says "and ' + "then more words came. " * 60)) > 3


def test_a_flush_begins_a_new_reply() -> None:
    splitter = PhraseSplitter()
    splitter.push("One, two. Three")
    assert splitter.flush() == ["Three"] and splitter.flush() == []
    assert splitter.push("Yes, it is. X") == ["Yes, ", "it is. "]


def test_a_hundred_thousand_letters_are_split_in_seconds() -> None:
    began = time.process_time()
    phrases_of(["So it goes, and on. " * 5000])
    phrases_of(["x" * 100_000])
    assert time.process_time() - began < 20


def test_contradictory_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="must hold"):
        PhraseSplitter(first_words=9, first_max_words=5)
