"""Self-made documents with questions about them, and how they are written as files of each format."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import docx
import numpy as np
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: `name` with the ending of its format, and its text. `pages` are pages of a PDF, sections of other
    formats with "heading|text", lines of a table, or cues of subtitles."""

    name: str
    pages: tuple[str, ...]
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A question whose answer is in a document. `expected`: the answer has one of these words. `place` is a part of
    where it stands."""

    question: str
    expected: tuple[str, ...]
    document: str
    place: str


@dataclass(frozen=True, slots=True)
class KnowledgeSet:
    """`unanswered` are questions that no document answers, many of them close to one that is."""

    papers: tuple[Paper, ...]
    asked: tuple[DocumentQuestion, ...]
    unanswered: tuple[str, ...]


def write_papers(papers: Sequence[Paper], folder: Path) -> None:
    """Writes each document as a file of its format."""
    for paper in papers:
        path = folder / paper.name
        match path.suffix:
            case ".pdf" if paper.scanned:
                _write_scan(path, paper.pages)
            case ".pdf":
                _write_pdf(path, paper.pages)
            case ".docx":
                _write_word(path, paper.pages)
            case ".epub":
                _write_book(path, paper.pages)
            case ".html":
                path.write_text(f"<html><body>{''.join(map(_as_html, paper.pages))}</body></html>", encoding="utf-8")
            case ".md":
                path.write_text("\n\n".join(_as_markdown(page) for page in paper.pages), encoding="utf-8")
            case _:
                path.write_text("\n\n".join(paper.pages) if path.suffix != ".csv" else "\n".join(paper.pages))


def _write_pdf(path: Path, pages: Sequence[str]) -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    for page in pages:
        pdf.add_page()
        pdf.multi_cell(0, 6, page)
    pdf.output(str(path))


def _write_scan(path: Path, pages: Sequence[str]) -> None:
    """Pictures of pages, slightly grey and noisy, without a text layer."""
    noise, font = np.random.default_rng(1), ImageFont.load_default(26)
    pdf = FPDF()
    for page in pages:
        picture = Image.new("L", (1240, 1754), 246)
        drawing, y = ImageDraw.Draw(picture), 110.0
        for line in _lines(page, 78):
            drawing.text((100, y), line, fill=30, font=font)
            y += 40
        grain = noise.normal(0, 4, (1754, 1240))
        picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
        pdf.add_page()
        pdf.image(picture, 0, 0, 210)
    pdf.output(str(path))


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _write_word(path: Path, pages: Sequence[str]) -> None:
    document = docx.Document()
    for page in pages:
        heading, _, text = page.rpartition("|")
        if heading:
            document.add_heading(heading, 1)
        for paragraph in text.split("\n\n"):
            document.add_paragraph(paragraph)
    document.save(str(path))


def _write_book(path: Path, pages: Sequence[str]) -> None:
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(pages))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(pages)))
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr(
            "OPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for number, page in enumerate(pages):
            book.writestr(f"OPS/c{number}.xhtml", f"<html><body>{_as_html(page)}</body></html>")


def _as_html(page: str) -> str:
    heading, _, text = page.rpartition("|")
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    return f"<h1>{heading}</h1>{paragraphs}" if heading else paragraphs


def _as_markdown(page: str) -> str:
    heading, _, text = page.rpartition("|")
    return f"# {heading}\n\n{text}" if heading else text
