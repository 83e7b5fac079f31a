"""A finer name needs crops that agree; an object that stays unclear is left alone until it comes closer."""

from __future__ import annotations

from vision.box import Box
from vision.naming.name_votes import MOST_VOTES, NameVotes

FAR: Box = (0.4, 0.4, 0.5, 0.5)
CLOSE: Box = (0.3, 0.3, 0.6, 0.6)


def test_two_crops_that_agree_make_a_name() -> None:
    votes = NameVotes()
    votes.vote(7, "dog", FAR, {"beagle": 0.9, "pug": 0.05})
    assert votes.names() == {}
    assert votes.names(votes=1) == {7: "beagle"}
    votes.vote(7, "dog", FAR, {"beagle": 0.5, "pug": 0.4})
    assert votes.names() == {7: "beagle"}
    assert not votes.is_due(7, "dog", FAR)


def test_crops_that_disagree_make_none_and_the_object_is_left_alone_until_it_is_closer() -> None:
    votes = NameVotes()
    for number in range(MOST_VOTES):
        assert votes.is_due(7, "dog", FAR)
        votes.vote(7, "dog", FAR, {"beagle": 0.7 if number == 1 else 0.3, "pug": 0.2 if number == 1 else 0.6})
    assert votes.names() == {}
    assert not votes.is_due(7, "dog", FAR)
    assert votes.is_due(7, "dog", CLOSE)
    for _ in range(2):
        votes.vote(7, "dog", CLOSE, {"beagle": 0.9})
    assert votes.names() == {7: "beagle"}


def test_an_object_that_turns_out_to_be_of_another_kind_loses_its_name() -> None:
    votes = NameVotes()
    for _ in range(2):
        votes.vote(7, "dog", FAR, {"beagle": 0.9})
    assert votes.is_due(7, "cat", FAR)
    votes.vote(7, "cat", FAR, {"tabby cat": 0.9})
    assert votes.names() == {}
    votes.keep({8})
    assert votes.names(votes=1) == {}
