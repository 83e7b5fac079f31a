"""A page of a PDF gives its text, or its picture where it has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF

from dialogue.library.formats.pdf_pages import SIDE, pdf_pages
from dialogue.library.passage import Section
from tests.dialogue.library.formats.made_documents import pdf, scan


def test_pages_are_numbered_from_one(tmp_path: Path) -> None:
    first, second = pdf_pages(pdf(tmp_path / "a.pdf", "The rent is 940 euros.", "The deposit is 1880 euros."))
    assert isinstance(first, Section) and isinstance(second, Section)
    assert (first.place, first.text.strip()) == ("page 1", "The rent is 940 euros.")
    assert second.place == "page 2"


def test_a_page_without_text_is_a_picture(tmp_path: Path) -> None:
    [page] = pdf_pages(scan(tmp_path / "a.pdf", "The boiler was serviced."))
    assert not isinstance(page, Section)
    number, picture = page
    assert number == 1
    assert max(picture.shape[:2]) == pytest.approx(SIDE, abs=2)
    assert picture.shape[2] == 3
    assert picture.min() < 60
    assert picture.max() > 200


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(ValueError, match="not a PDF"):
        list(pdf_pages(path))


def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    document = FPDF()
    document.set_encryption("owner", "user")
    document.add_page()
    document.output(str(tmp_path / "a.pdf"))
    with pytest.raises(ValueError, match="password"):
        list(pdf_pages(tmp_path / "a.pdf"))
