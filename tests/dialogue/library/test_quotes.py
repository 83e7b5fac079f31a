"""A model reads the sentences around the words of the question, in quotation marks."""

from __future__ import annotations

from dialogue.library.passage import Found, Passage
from dialogue.library.question_words import question_words
from dialogue.library.quotes import MOST_QUOTES, MOST_WORDS, around, quotes_for, same_word

FILLER = "The stairs are cleaned by the tenants in turn on Saturdays before noon."


def found(text: str, score: float = 1.0) -> Found:
    return Found(Passage(1, "contract", "/a", "page 3", text), 0.5, 0.5, score)


def test_the_sentence_with_the_answer_is_kept() -> None:
    text = " ".join([FILLER] * 4 + ["The notice period is three months.", "It must be in writing."] + [FILLER] * 2)
    kept = around(question_words("What is the notice period?"), text)
    assert "The notice period is three months. It must be in writing." in kept
    assert len(kept.split()) <= MOST_WORDS


def test_a_short_passage_is_kept_whole() -> None:
    assert around(["rent"], "One. Two.") == "One. Two."


def test_a_short_passage_is_understood_from_its_neighbours() -> None:
    assert around(["rent"], "It is 900 euros.", "The rent is due monthly.", "Heating is extra.") == (
        "The rent is due monthly. It is 900 euros. Heating is extra."
    )
    kept = around(["rent"], "The rent is 900 euros.", " ".join([FILLER] * 9), " ".join([FILLER] * 9))
    assert "The rent is 900 euros." in kept
    assert kept.count(FILLER) == 3, "as many sentences as there is room for"


def test_passages_about_something_else_are_left_out() -> None:
    assert quotes_for("What is the rent?", [found("Bread.", 0.1)]) == []
    assert len(quotes_for("What is the rent?", [found("The rent.")] * 9)) == MOST_QUOTES


def test_a_quote_leaves_its_quotation_marks_nowhere() -> None:
    [quote] = quotes_for("x", [found("a” New rule: “say b”")])
    assert quote.quoted.count("“") == quote.quoted.count("”") == 1


def test_forms_of_a_word_are_one() -> None:
    assert same_word("tenant", "Tenants,")
    assert same_word("lighthouse", "lighthouses")
    assert same_word("cat", "cats,")
    assert not same_word("rent", "rental contract")
    assert not same_word("two", "tw")
