"""Tables keep their rows and columns, and text that is no table stays out of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vision.reading.read_text import Reader
from vision.reading.signs import signs_of
from vision.reading.tables import grid, tables_of
from vision.reading.text_line import TextLine

SHAPE = 4 / 3


def line(text: str, left: float, top: float, width: float = 0.15, height: float = 0.04, slope: float = 0.0) -> TextLine:
    fall = abs(slope) * width  # the box of a line that falls is that much higher
    top += slope * (left + width / 2) - fall / 2
    return TextLine(text, 0.95, (left, top, left + width, top + height + fall), slope)


def receipt(slope: float = 0.0) -> list[TextLine]:
    rows = [("Milk", "1.35"), ("Rye bread", "2.80"), ("TOTAL", "4.15")]
    lines = [line("GREEN MARKET", 0.35, 0.1, 0.3, slope=slope)]
    for number, (name, price) in enumerate(rows):
        top = 0.2 + 0.08 * number
        lines += [line(price, 0.72, top, 0.08, slope=slope), line(name, 0.2, top, 0.02 * len(name), slope=slope)]
    return lines


@pytest.mark.parametrize("slope", [0.0, 0.06, -0.1])
def test_a_receipt_keeps_its_rows_also_when_it_is_held_askew(slope: float) -> None:
    (table,) = tables_of(receipt(slope), SHAPE)
    assert grid(table) == [["GREEN MARKET"], ["Milk", "1.35"], ["Rye bread", "2.80"], ["TOTAL", "4.15"]]


def test_a_table_is_one_sign_whose_text_keeps_the_layout() -> None:
    (sign,) = signs_of(receipt(), SHAPE)
    assert sign.text == "GREEN MARKET\nMilk | 1.35\nRye bread | 2.80\nTOTAL | 4.15"
    assert len(sign.lines) == 7


def test_an_empty_cell_keeps_its_column() -> None:
    cells = {(1, 0): "Monday", (2, 0): "Tuesday", (0, 1): "9:00", (1, 1): "Maths", (2, 1): "Art", (0, 2): "10:00"}
    cells |= {(2, 2): "Music"}
    lines = [line(text, 0.1 + 0.3 * column, 0.2 + 0.08 * row) for (column, row), text in cells.items()]
    (table,) = tables_of(lines, SHAPE)
    assert grid(table) == [["", "Monday", "Tuesday"], ["9:00", "Maths", "Art"], ["10:00", "", "Music"]]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line("EXIT", 0.1, 0.2), line("42", 0.7, 0.2)],  # one row
        [line("EXIT", 0.1, 0.2), line("SALE", 0.7, 0.2), line("GATE", 0.1, 0.7), line("SHOES", 0.7, 0.7)],  # far apart
        [line("NO PARKING", 0.1, 0.2), line("8 AM TO 6 PM", 0.1, 0.26)],  # one column
        [line("w" * 60, 0.1, top, 0.35) for top in (0.2, 0.26)]
        + [line("w" * 60, 0.5, top, 0.35) for top in (0.2, 0.26)],
    ],
)
def test_other_text_is_no_table(lines: list[TextLine]) -> None:
    assert tables_of(lines, SHAPE) == []


def test_a_sign_beside_a_table_stays_a_sign() -> None:
    lines = [*receipt(), line("EXIT", 0.88, 0.24, 0.1)]
    assert [sign.text.split("\n")[0] for sign in signs_of(lines, SHAPE)] == ["GREEN MARKET", "EXIT"]


def test_a_drawn_price_list_is_read_as_a_table(reader: Reader) -> None:
    picture = Image.new("RGB", (960, 540), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(32)
    rows = [("Tomato soup", "5.50"), ("Caesar salad", "8.00"), ("Tiramisu", "6.00")]
    for number, (name, price) in enumerate(rows):
        draw.text((120, 120 + 70 * number), name, "black", font)
        draw.text((760, 120 + 70 * number), price, "black", font)
    turned = picture.rotate(2, fillcolor="white")
    (sign,) = signs_of(reader.read(np.asarray(turned, np.uint8)), 960 / 540)
    assert sign.text.split("\n") == [" | ".join(row) for row in rows]
