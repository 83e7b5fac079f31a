"""A transcript is compared with what we said."""

import pytest

from stream.playout.own_words import repeats

SAID = "The old bridge was built a hundred years ago, and since then it has carried trains."


@pytest.mark.parametrize(
    "transcript",
    ["The old bridge was built a hundred years ago.", "a hundred years ago and since then", "old bridge was build a"],
)
def test_a_part_of_our_sentence_is_ours(transcript: str) -> None:
    assert repeats(transcript, SAID)


@pytest.mark.parametrize(
    "transcript",
    [
        "",
        "Stop.",
        "the bridge",
        "Which bridge was that?",
        "How old is it?",
        "trains carried it has then since and",
    ],
)
def test_other_words_and_very_few_are_the_users(transcript: str) -> None:
    assert not repeats(transcript, SAID)
