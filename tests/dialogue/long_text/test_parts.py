"""A long text is split between sentences, into parts of a bounded length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialogue.library.passage import Section
from dialogue.long_text.parts import parts_of


def test_parts_name_where_they_begin_and_end() -> None:
    pages = [Section(f"page {number}", f"This is page {number}. " * 6) for number in range(1, 5)]
    parts = list(parts_of(pages, 250))
    assert [(part.number, part.place) for part in parts] == [(1, "page 1 to page 2"), (2, "page 3 to page 4")]


def test_one_short_text_is_one_part() -> None:
    [part] = parts_of([Section("", "One. Two.")], 250)
    assert (part.number, part.place, part.text) == (1, "", "One. Two.")
    assert list(parts_of([], 250)) == []


@given(st.text(max_size=3000), st.integers(200, 2000))
def test_no_part_is_much_longer_and_nothing_is_lost(text: str, most: int) -> None:
    parts = list(parts_of([Section("", text)], most))
    assert all(len(part.text) <= max(most, 80 * 81) for part in parts)
    assert "".join(part.text for part in parts).split() == [] or sum(
        map(str.isalnum, "".join(part.text for part in parts))
    ) == sum(map(str.isalnum, text))
