"""Word documents and books are read in order; damaged and hostile ones are refused with a sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dialogue.library.formats.packed_formats import MOST_BYTES, book_sections, word_sections
from tests.dialogue.library.formats.made_documents import book, word


def test_a_word_document_is_cut_at_headings_and_its_tables_are_read(tmp_path: Path) -> None:
    first, second = word_sections(word(tmp_path / "manual.docx"))
    assert first.place == "under “Warranty”"
    assert first.text == "Warranty.\n\nThe warranty lasts five years.\n\nHose; 12 euros."
    assert second.place == "under “Service”"


def test_a_book_is_read_chapter_by_chapter(tmp_path: Path) -> None:
    path = book(tmp_path / "book.epub", "<p>It rained.</p>", "<h1>The Sea</h1><p>It was calm.</p>")
    assert [section.place for section in book_sections(path)] == ["chapter 1", "chapter 2, under “The Sea”"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(b"PK\x03\x04 no")
    for read in (word_sections, book_sections):
        with pytest.raises(ValueError, match="damaged"):
            list(read(path))


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    for read in (word_sections, book_sections):
        with pytest.raises(ValueError, match="can be read"):
            list(read(path))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w", force_zip64=True) as file:
        for _ in range(MOST_BYTES // 10**7 + 1):
            file.write(bytes(10**7))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="unpacks"):
        list(book_sections(path))


def test_xml_that_defines_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><container>&a;</container>',
        )
    with pytest.raises(ValueError, match="not a book"):
        list(book_sections(path))
