"""Reads documents that are packed archives: Word (DOCX) and books (EPUB). Raises ValueError for damaged ones."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from dialogue.library.formats.html_text import markup_sections
from dialogue.library.formats.plain_formats import decoded, under
from dialogue.library.passage import Section

MOST_BYTES = 200_000_000  # unpacked; an archive can hold a thousand times its own size
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_PACKAGE = "{http://www.idpf.org/2007/opf}"


def word_sections(path: Path) -> Iterator[Section]:
    """One section for each heading, with the paragraphs and tables under it."""
    import docx  # takes a while to import
    from docx.table import Table

    with _archive(path):
        pass  # its size is checked
    try:
        document = docx.Document(str(path))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} is not a Word document that can be read.") from error
    heading, block = "", list[str]()
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            block += [_table_row([cell.text for cell in row.cells]) for row in part.rows]
        elif str(part.style.name if part.style is not None else "").startswith(("Heading", "Title")):
            yield from under(heading, "\n\n".join(block))
            heading, block = part.text.strip(), []
        elif part.text.strip():
            block.append(part.text)
    yield from under(heading, "\n\n".join(block))


def book_sections(path: Path) -> Iterator[Section]:
    """The sections of each chapter, in the book's order."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    with _archive(path) as archive:
        try:
            rootfile = fromstring(archive.read("META-INF/container.xml")).find(f".//{_CONTAINER}rootfile")
            opf = rootfile.attrib["full-path"]
            package = fromstring(archive.read(opf))
            files = {item.attrib["id"]: item.attrib["href"] for item in package.iter(f"{_PACKAGE}item")}
            chapters = [files[each.attrib["idref"]] for each in package.iter(f"{_PACKAGE}itemref")]
            names = [posixpath.normpath(posixpath.join(posixpath.dirname(opf), unquote(each))) for each in chapters]
        except (KeyError, AttributeError, ParseError, DefusedXmlException) as error:
            raise ValueError(f"{path.name} is not a book (EPUB) that can be read.") from error
        for number, name in enumerate(names, 1):
            if name not in archive.namelist():
                continue
            for section in markup_sections(decoded(archive.read(name))):
                place = f"chapter {number}, {section.place}" if section.place else f"chapter {number}"
                yield Section(place, section.text)


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path.name} is damaged, or not what its name says.") from error
    if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
        archive.close()
        raise ValueError(f"{path.name} unpacks to more than {MOST_BYTES // 10**6} MB.")
    return archive


def _table_row(cells: list[str]) -> str:
    """The cells of a row; a merged cell is listed once."""
    values = dict.fromkeys(" ".join(cell.split()) for cell in cells if cell.strip())
    return f"{'; '.join(values)}." if values else ""
