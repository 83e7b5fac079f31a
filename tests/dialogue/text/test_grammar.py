"""English words and phrases by rule; `test_change_sentences` and the tests of rules cover labels and scene phrases.

Also tests `labels.py`.
"""

from __future__ import annotations

import pytest

from dialogue.text import grammar
from dialogue.text.labels import spoken


def test_number_words_convert_both_ways() -> None:
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


@pytest.mark.parametrize(
    ("label", "count", "said"),
    [
        ("person", 1, "a person"),
        ("person", 2, "two people"),
        ("orange", 1, "an orange"),
        ("mouse", 4, "four mice"),
        ("bus", 2, "two buses"),
        ("toothbrush", 2, "two toothbrushes"),
        ("sheep", 3, "three sheep"),
        ("scissors", 1, "a pair of scissors"),
        ("tv", 2, "two TVs"),
        ("umbrella", 12, "twelve umbrellas"),
    ],
)
def test_detected_things_are_counted(label: str, count: int, said: str) -> None:
    assert grammar.counted(count, spoken(label)) == said


def test_pieces_of_what_has_no_singular() -> None:
    assert grammar.piece("broccoli") == "head of broccoli"
    assert grammar.piece("cup") == "cup"
    assert grammar.plural("pair of skis") == "pairs of skis"
    assert grammar.with_article("pair of skis") == "a pair of skis"


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
