"""Small English."""

from __future__ import annotations

import pytest

from dialogue.text import grammar


def test_number_words_go_there_and_back() -> None:
    assert [grammar.number_of(grammar.number_word(n)) for n in range(150)] == list(range(150))
    assert grammar.number_word(21) == "twenty-one"
    assert grammar.number_of("several") is None


@pytest.mark.parametrize(
    ("noun", "many"),
    [
        ("cup", "cups"), ("person", "people"), ("knife", "knives"), ("mouse", "mice"), ("sheep", "sheep"),
        ("wine glass", "wine glasses"), ("couch", "couches"), ("toothbrush", "toothbrushes"), ("bus", "buses"),
        ("teddy bear", "teddy bears"), ("scissors", "scissors"), ("city", "cities"), ("key", "keys"), ("TV", "TVs"),
        ("box", "boxes"), ("skis", "skis"), ("remote control", "remote controls"),
    ],
)  # fmt: skip
def test_plurals(noun: str, many: str) -> None:
    assert grammar.plural(noun) == many


@pytest.mark.parametrize(
    ("noun", "one"),
    [
        ("cup", "a cup"), ("apple", "an apple"), ("umbrella", "an umbrella"), ("unicorn", "a unicorn"),
        ("hourglass", "an hourglass"), ("scissors", "a pair of scissors"), ("broccoli", "some broccoli"),
        ("orange cup", "an orange cup"), ("TV", "a TV"), ("oven", "an oven"),
    ],
)  # fmt: skip
def test_articles(noun: str, one: str) -> None:
    assert grammar.with_article(noun) == one


def test_counts_agree() -> None:
    assert grammar.counted(1, "cup") == "a cup"
    assert grammar.counted(3, "person") == "three people"
    assert grammar.counted(2, "scissors") == "two pairs of scissors"
    assert grammar.exactly(0, "knife") == "no knives"
    assert grammar.exactly(1, "cup") == "one cup"


def test_lists() -> None:
    assert grammar.listed([]) == ""
    assert grammar.listed(["a"]) == "a"
    assert grammar.listed(["a", "b", "c"]) == "a, b and c"
    assert grammar.listed(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a moment ago"), (31, "about thirty seconds ago"), (61, "about a minute ago"),
        (150, "about two minutes ago"), (2400, "about forty minutes ago"), (3700, "about an hour ago"),
        (9000, "about two hours ago"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds: float, words: str) -> None:
    assert grammar.ago(seconds) == words


def test_sentences_end_once() -> None:
    assert grammar.sentence("it says “Stop!”") == "It says “Stop!”"
    assert grammar.sentence("it says “Stop”") == "It says “Stop”."
    assert grammar.sentence("yes.") == "Yes."
