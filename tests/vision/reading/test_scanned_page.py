"""A scanned page is read whole: the cuts between its parts go through no line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dialogue.library.passage import Section
from stream.media.decoder_process import sections_of
from tests.dialogue.library.formats.made_documents import scan
from vision.reading.read_text import Reader
from vision.reading.scanned_page import bands_of, text_of_page

LINES = tuple(f"Line {number}: the boiler was serviced on the {number + 2} March." for number in range(6))


def test_cuts_go_through_rows_without_ink() -> None:
    page = np.full((900, 200, 3), 250, np.uint8)
    for top in range(0, 900, 50):
        page[top : top + 20] = 20
    bands = list(bands_of(page))
    assert sum(map(len, bands)) == 900
    assert all(band[-1].min() == 250 for band in bands)


def test_a_page_without_a_text_layer_is_read(tmp_path: Path) -> None:
    path, reader = scan(tmp_path / "scan.pdf", *LINES), Reader()
    [section] = sections_of(path, lambda rgb: text_of_page(reader, rgb))
    assert isinstance(section, Section)
    assert section.place == "page 1"
    read = section.text.splitlines()
    assert sum(any(f"Line {number}:" in line for line in read) for number in range(len(LINES))) >= len(LINES) - 1
    assert sum("boiler was serviced" in line for line in read) >= len(LINES) - 2
