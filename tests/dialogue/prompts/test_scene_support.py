"""What entries about the scene say is distinguished from what a model adds to them.

Also tests `answer_kinds.py` and `dialogue/text/word_stems.py`.
"""

from __future__ import annotations

import pytest

from dialogue.prompts.scene_support import is_supported

ROOM = ["[3.0 s camera: two people, one in red on the right and one on the left; a brown bench in the middle; a dog]"]
NOTE = ["[9.0 s text: “CITY POOL; Open 9:00 - 20:30; Adult: 4.50; Locker 12B; No diving”]"]
PICTURES = ["Picture 1: A cat on the left.", "Picture 2: A dog on the left."]

SUPPORTED = [
    (ROOM, "Where is the bench?", "The bench is in the middle."),
    (ROOM, "How many people are there?", "There are two people."),
    (ROOM, "Can I sit down somewhere?", "Yes, you can sit down on the bench."),
    (ROOM, "Is there a cat?", "No, there is no cat."),
    (ROOM, "Is there a dog?", "Yes, there is."),
    (ROOM, "Is the bench brown or white?", "It is brown."),
    (ROOM, "What is the dog called?", "Sorry, I can't see its name."),
    (ROOM, "Who is on the right?", "A person in red is on the right."),
    (PICTURES, "Which of them shows a dog?", "Picture 2 shows a dog."),
    (NOTE, "What does an adult pay?", "An adult pays 4.5 euros."),
    (NOTE, "Until when is it open?", "It is open until 20:30."),
    (NOTE, "Which locker do I have?", "You have locker 12 B."),
    (NOTE, "When does it open?", "It opens at nine o'clock."),
]
UNSUPPORTED = [
    (ROOM, "What is the dog called?", "The dog's name is Max."),
    (ROOM, "How many people are there?", "There are three people."),
    (ROOM, "What colour is the bench?", "The bench is green."),
    (ROOM, "Which school is it?", "It is on the right."),
    (ROOM, "Is the dog hungry?", "Yes, the dog is hungry."),
    (ROOM, "Is the dog hungry?", "No, the dog is not hungry."),
    (ROOM, "Is the person on the left old or young?", "The person is young."),
    (ROOM, "What is the bench called?", "The bench is brown."),
    (ROOM, "Who sat on the bench?", "The person in red sat on the bench."),
    (ROOM, "Who owns the dog?", "The dog."),
    (ROOM, "How many people will come later?", "Two people will come later."),
    (PICTURES, "Which of them is older?", "Picture 2 is older."),
    (NOTE, "What does a child pay?", "A child pays 2.50."),
    (NOTE, "When was it built?", "It was built in 1974."),
    (NOTE, "Do I pay in cash or by card?", "You pay in cash."),
    (NOTE, "Who is the owner?", "The owner is Mr Weber."),
]


@pytest.mark.parametrize(("entries", "asked", "said"), SUPPORTED)
def test_what_entries_say_is_supported(entries: list[str], asked: str, said: str) -> None:
    assert is_supported(said, asked, entries)


@pytest.mark.parametrize(("entries", "asked", "said"), UNSUPPORTED)
def test_what_they_do_not_say_is_not(entries: list[str], asked: str, said: str) -> None:
    assert not is_supported(said, asked, entries)


@pytest.mark.parametrize(
    ("said", "supported"),
    [
        ("You were there on August 21st, 2026 at 7:45.", True),
        ("It is on a Saturday.", True),
        ("You were there on July 21, 2026.", False),
        ("You were there at 8:45.", False),
    ],
)
def test_a_date_may_be_said_in_another_form(said: str, supported: bool) -> None:
    entries = ["[9.0 s text: “SHOP; 21.08.2026 19:45; Sat 22 Aug: closed”]"]
    assert is_supported(said, "When was I there?", entries) is supported
