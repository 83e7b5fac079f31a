"""Records of parts are read, checked against the text, grouped and compared."""

from __future__ import annotations

import json

import pytest

from dialogue.long_text.records import LENGTHS, Record, agreed, best_so_far, grounded, groups_of, places_of, read_record


def written(**fields: object) -> str:
    return json.dumps({"information": "", "rationale": "", "answer": "", "confidence": 0} | fields)


def test_a_record_is_read() -> None:
    record = read_record(written(information="Edda has it.", answer="Edda", confidence=5), ("page 3",))
    assert record == Record("Edda has it.", "", "Edda", 5, ("page 3",))


@pytest.mark.parametrize("nothing", ["", "None", "not stated", "N/A.", "nothing", "“”"])
def test_words_for_nothing_are_nothing(nothing: str) -> None:
    assert read_record(written(information=nothing, answer=nothing, confidence=5), ()).is_empty


@pytest.mark.parametrize(
    ("confidence", "read"), [(9, 5), (-1, 0), ("5", 0), (None, 0), (True, 0)], ids=["9", "-1", "text", "null", "true"]
)
def test_a_confidence_is_a_number_within_bounds(confidence: object, read: int) -> None:
    assert read_record(written(answer="Edda", confidence=confidence), ()).confidence == read


@pytest.mark.parametrize("text", ["Edda has it.", '{"information": "cut', "[1, 2]", '"x"', "x" * 10_000])
def test_what_is_no_record_has_no_confidence_and_a_bound(text: str) -> None:
    record = read_record(text, ())
    assert record.confidence == 0
    assert 0 < len(record.information) <= LENGTHS["information"]


def test_what_the_text_does_not_say_is_dropped() -> None:
    text = "The compass was given to Edda Holm."
    kept = grounded(Record("The compass belongs to Edda Holm.", "r", "Edda Holm", 5), text, "Who has the compass?")
    assert (kept.answer, kept.confidence) == ("Edda Holm", 5)
    dropped = grounded(Record("She lives in London.", "r", "London", 5), text, "Where does she live?")
    assert dropped.is_empty and dropped.confidence == 0


def test_groups_fit_and_get_fewer() -> None:
    records = [Record(f"Note {number}: {'x' * 80}") for number in range(10)]
    groups = groups_of(records, 300)
    assert [record for group in groups for record in group] == records
    assert all(2 <= len(group) <= 4 for group in groups[:-1])
    assert len(groups_of(records, 1)) == 5
    assert groups_of([], 100) == [[]]


def test_sure_answers_that_agree_need_no_model() -> None:
    edda = Record("a", "", "Edda Holm", 4, ("page 1",))
    other = Record("b", "", "edda holm.", 5, ("page 9",))
    final = agreed([edda, Record("c", "", "Tom", 2, ("page 2",)), other])
    assert final is not None
    assert (final.confidence, final.places) == (5, ("page 1", "page 9"))
    assert agreed([edda, Record("c", "", "Tom", 4)]) is None
    assert agreed([Record("c", "", "Tom", 3)]) is None


def test_the_best_so_far_is_the_surest_answer() -> None:
    assert best_so_far([Record("a")]) is None
    best = best_so_far([Record("a", "", "x", 1), Record("b", "", "y", 3)])
    assert best is not None and best.answer == "y"
    assert places_of([Record("a", places=("p", "")), Record("b", places=("p",))]) == ("p",)
