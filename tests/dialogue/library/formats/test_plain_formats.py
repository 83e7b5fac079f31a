"""Text files become sections with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogue.library.formats.plain_formats import (
    decoded,
    markdown_sections,
    subtitle_sections,
    table_sections,
    text_sections,
)
from dialogue.library.passage import Section


def written(folder: Path, text: str) -> Path:
    path = folder / "file"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_texts_are_recognised(encoding: str) -> None:
    assert decoded("Größe: 3 €".encode(encoding)) == "Größe: 3 €"


def test_a_text_is_cut_at_empty_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "\nOne.\nTwo.\n\n\nThree.")
    assert list(text_sections(path)) == [Section("line 2", "One.\nTwo."), Section("line 6", "Three.")]


def test_markdown_is_cut_at_headings(tmp_path: Path) -> None:
    sections = list(markdown_sections(written(tmp_path, "Before.\n\n# Rent #\n\nIt is **940** euros.\n## Empty\n")))
    assert [section.place for section in sections] == ["", "under “Rent”"]
    assert sections[1].text.split() == ["Rent.", "It", "is", "940", "euros."]


def test_subtitles_have_their_times_and_no_marks(tmp_path: Path) -> None:
    cues = "1\n00:00:01,000 --> 00:00:02,000\n<i>One.</i>\n\n2\n00:00:20,0 --> 00:00:22,0\nTwo.\n\nstray\n\n"
    path = written(tmp_path, f"{cues}3\n01:02:03,500 --> 01:02:05,000\nThree.\n{{\\an8}}Four.\n")
    assert list(subtitle_sections(path)) == [Section("at 0:01", "One. Two."), Section("at 1:02:03", "Three. Four.")]


def test_each_value_of_a_table_has_the_name_of_its_column(tmp_path: Path) -> None:
    first, second = table_sections(written(tmp_path, "part;in stock;note\nnut;4;\n;;\nbolt;5;long\n"))
    assert first == Section("row 2", "part: nut; in stock: 4.")
    assert second == Section("row 4", "part: bolt; in stock: 5; note: long.")


def test_a_row_with_a_comma_in_quotation_marks_stays_one(tmp_path: Path) -> None:
    [section] = table_sections(written(tmp_path, 'name,price\n"bolt, long",3\n'))
    assert section.text == "name: bolt, long; price: 3."


def test_an_empty_file_has_no_sections(tmp_path: Path) -> None:
    for read in (text_sections, markdown_sections, subtitle_sections, table_sections):
        assert list(read(written(tmp_path, ""))) == []
