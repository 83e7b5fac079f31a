"""Small files of each format of a library."""

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont


def pdf(path: Path, *pages: str) -> Path:
    document = FPDF()
    document.set_font("helvetica", size=12)
    for page in pages:
        document.add_page()
        document.multi_cell(0, 8, page)
    document.output(str(path))
    return path


def scan(path: Path, *lines: str) -> Path:
    """A page that is a picture."""
    picture = Image.new("L", (827, 1169), 250)
    drawing, font = ImageDraw.Draw(picture), ImageFont.load_default(24)
    for number, line in enumerate(lines):
        drawing.text((60, 80 + 44 * number), line, fill=20, font=font)
    document = FPDF()
    document.add_page()
    document.image(picture, 0, 0, 210)
    document.output(str(path))
    return path


def word(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Warranty", 1)
    document.add_paragraph("The warranty lasts five years.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Hose", "12 euros"
    document.add_heading("Service", 1)
    document.add_paragraph("Call on weekdays.")
    document.save(str(path))
    return path


def book(path: Path, *chapters: str, opf: str = "book.opf") -> Path:
    items = "".join(f'<item id="c{n}" href="text/c%20{n}.xhtml"/>' for n in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    container = "urn:oasis:names:tc:opendocument:xmlns:container"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            f'<container xmlns="{container}"><rootfiles><rootfile full-path="OPS/{opf}"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/book.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>',
        )
        for number, chapter in enumerate(chapters):
            archive.writestr(f"OPS/text/c {number}.xhtml", f"<html><body>{chapter}</body></html>")
    return path
