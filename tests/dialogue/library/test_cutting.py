"""Sections are cut into passages at the ends of sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialogue.library.cutting import LONGEST_WORD, MOST_WORDS, passages_of
from dialogue.library.passage import Section

SENTENCE = f"{'word ' * 29}end."


def test_whole_sentences_fill_a_passage() -> None:
    passages = list(passages_of([Section("page 1", " ".join([SENTENCE] * 5))]))
    assert [len(passage.text.split()) for passage in passages] == [60, 60, 30]
    assert all(passage.text.endswith("end.") for passage in passages)


def test_a_passage_has_one_place() -> None:
    passages = passages_of([Section("page 1", "One."), Section("page 2", "Two."), Section("page 3", " ")])
    assert [(each.place, each.text) for each in passages] == [("page 1", "One."), ("page 2", "Two.")]


@given(st.text(max_size=2000))
def test_no_passage_is_long_and_no_letter_is_lost(text: str) -> None:
    passages = list(passages_of([Section("", text)]))
    assert all(len(each.text.split()) <= MOST_WORDS for each in passages)
    assert all(len(word) <= LONGEST_WORD for each in passages for word in each.text.split())
    joined = "".join("".join(each.text.split()) for each in passages)
    assert sum(map(str.isalnum, joined)) == sum(map(str.isalnum, text))
