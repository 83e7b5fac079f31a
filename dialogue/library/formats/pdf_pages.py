"""Reads a PDF page by page: its text, or a picture of a page that has none; or pictures of its first pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dialogue.library.passage import Section

# Fewer letters are a page number or a stamp on a scanned page.
LEAST_TEXT = 12
SIDE = 1754  # pixels of the longer side of a page's picture: A4 at 150 dots an inch
Page = Section | tuple[int, NDArray[np.uint8]]
P = TypeVar("P")


def pdf_pages(path: Path) -> Iterator[Page]:
    """A section for each page with text; (number, RGB picture (H, W, 3)) for a page without. Raises ValueError."""
    yield from _each_page(path, None, _page)


def page_pictures(path: Path, most: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(number, RGB picture (H, W, 3)) of the first `most` pages. Raises ValueError."""
    yield from _each_page(path, most, lambda page, number: (number, _rendered(page)))


def _each_page(path: Path, most: int | None, read: Callable[[Any, int], P]) -> Iterator[P]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        reason = "is locked by a password" if locked else "is not a PDF that can be read"
        raise ValueError(f"{path.name} {reason}.") from error
    with document:
        for number in range(len(document) if most is None else min(most, len(document))):
            try:
                page = document[number]
                try:
                    yield read(page, number + 1)
                finally:
                    page.close()
            except pypdfium2.PdfiumError:
                continue  # a damaged page does not cost the others


def _page(page: Any, number: int) -> Page:
    text_page = page.get_textpage()
    text = text_page.get_text_bounded()
    text_page.close()
    if sum(map(str.isalnum, text)) >= LEAST_TEXT:
        return Section(f"page {number}", text.replace("\r\n", "\n").replace("\ufffe", ""))
    return number, _rendered(page)


def _rendered(page: Any) -> NDArray[np.uint8]:
    bitmap = page.render(scale=SIDE / max(page.get_size()), rev_byteorder=True)
    picture = np.array(bitmap.to_numpy()[:, :, :3])
    bitmap.close()
    return picture
