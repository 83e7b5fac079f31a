"""The tables of all languages are complete and agree with one another."""

from __future__ import annotations

import string

import pytest

from dialogue.languages.language import CODES, ENGLISH, language
from dialogue.text.labels import LABELS

OTHERS = [code for code in CODES if code != ENGLISH]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_every_label_has_a_noun(code: str) -> None:
    assert set(language(code).nouns) == set(LABELS)


@pytest.mark.parametrize("code", OTHERS)
def test_every_table_says_the_same_things(code: str) -> None:
    chinese, table = language("zh").table, language(code).table
    assert set(table["say"]) == set(chinese["say"])
    assert {kind for kind, _ in language(code).questions} == {kind for kind, _ in language("zh").questions}
    assert set(table["ask"]) == set(chinese["ask"])
    assert set(table["floor"]) == set(chinese["floor"])
    assert set(table["colours"]) == set(chinese["colours"])
    for section in ("timer", "clock"):
        assert set(chinese[section]) - set(table[section]) <= {"one"}, section


@pytest.mark.parametrize("code", OTHERS)
def test_sentences_use_only_values_that_are_given(code: str) -> None:
    given = {
        *("things", "thing", "plural", "bare", "place", "colour", "text", "span", "about"),
        *("mine", "theirs", "action"),
    }
    for key, sentence in language(code).table["say"].items():
        assert fields(sentence) <= given, key


@pytest.mark.parametrize("code", OTHERS)
def test_a_word_for_a_thing_is_found(code: str) -> None:
    lang = language(code)
    for label, noun in lang.nouns.items():
        _, found = lang.masked(lang.plain(noun.many))
        assert found, (label, noun.many)


def test_there_is_no_table_of_an_unknown_language() -> None:
    with pytest.raises(KeyError):
        language("xx")
