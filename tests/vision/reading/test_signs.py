"""Reading order and grouping of text lines into signs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vision.reading.signs import Sign, in_reading_order, signs_of
from vision.reading.text_line import TextLine


def line(text: str, left: float, top: float, width: float = 0.3, height: float = 0.06) -> TextLine:
    return TextLine(text, 0.95, (left, top, left + width, top + height))


def texts(signs: list[Sign]) -> list[str]:
    return [sign.text for sign in signs]


def test_rows_are_read_from_the_left() -> None:
    lines = [line("d", 0.5, 0.41), line("b", 0.5, 0.2), line("c", 0.1, 0.4), line("a", 0.1, 0.21)]
    assert [each.text for each in in_reading_order(lines)] == ["a", "b", "c", "d"]


def test_lines_below_each_other_are_one_sign() -> None:
    assert texts(signs_of([line("8 AM TO 6 PM", 0.1, 0.3), line("NO PARKING", 0.12, 0.21)])) == [
        "NO PARKING 8 AM TO 6 PM"
    ]


def test_words_beside_each_other_are_one_sign() -> None:
    assert texts(signs_of([line("EXIT", 0.1, 0.2, 0.1), line("42", 0.23, 0.2, 0.05)])) == ["EXIT 42"]


def test_distant_lines_are_two_signs_the_larger_first() -> None:
    assert texts(signs_of([line("small", 0.1, 0.1, 0.1), line("large", 0.5, 0.7, 0.4)])) == ["large", "small"]


def test_neighbouring_lines_of_very_different_size_are_two_signs() -> None:
    assert len(signs_of([line("TITLE", 0.1, 0.1, 0.5, 0.2), line("small print", 0.1, 0.32, 0.5, 0.03)])) == 2


def test_a_line_between_two_groups_joins_them() -> None:
    rows = [line("one", 0.1, 0.1), line("three", 0.1, 0.26), line("two", 0.1, 0.18)]
    assert texts(signs_of(rows)) == ["one two three"]


@given(
    st.lists(
        st.builds(line, st.text(min_size=1, max_size=5), st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 0.1)),
        max_size=30,
    )
)
def test_no_line_is_lost_or_repeated(lines: list[TextLine]) -> None:
    grouped = [each for sign in signs_of(lines) for each in sign.lines]
    assert sorted(grouped, key=repr) == sorted(lines, key=repr)
    assert all(0 <= sign.score <= 1 for sign in signs_of(lines))
