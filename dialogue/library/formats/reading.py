"""Chooses how a file is read, by its name.

Documents come from anywhere: `stream.media` runs this in a process of its own, except for short files of plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dialogue.library.formats.html_text import html_sections
from dialogue.library.formats.packed_formats import book_sections, word_sections
from dialogue.library.formats.pdf_pages import Page, pdf_pages
from dialogue.library.formats.plain_formats import markdown_sections, subtitle_sections, table_sections, text_sections
from dialogue.library.passage import Section

TEXT_FORMATS: Mapping[str, Callable[[Path], Iterator[Section]]] = {
    ".txt": text_sections,
    ".md": markdown_sections,
    ".html": html_sections,
    ".htm": html_sections,
    ".srt": subtitle_sections,
    ".csv": table_sections,
}
FORMATS: Mapping[str, Callable[[Path], Iterator[Page]]] = {
    **TEXT_FORMATS,
    ".pdf": pdf_pages,
    ".docx": word_sections,
    ".epub": book_sections,
}


def is_document(path: Path) -> bool:
    """Whether files with this name can be read."""
    return path.suffix.lower() in FORMATS


def pages_of(path: Path) -> Iterator[Page]:
    """The sections of a file in order, and pictures of pages without text. Raises ValueError with a sentence for the
    user, OSError."""
    if not is_document(path):
        raise ValueError(f"{path.name} cannot be read: a document is one of {', '.join(FORMATS)}.")
    yield from FORMATS[path.suffix.lower()](path)
