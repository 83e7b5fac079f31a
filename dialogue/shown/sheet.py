"""Text that was read as a sheet: rows with a name and cells, below a heading where there is one. Pure.

Receipts, menus, tickets, price lists and tables have this form. In the text of a fact a sheet has one line for each
row, with " | " between its cells; a line that ends with an amount is a row too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from dialogue.shown.amounts import Amount, amounts_in
from dialogue.text.plain_words import plain
from dialogue.text.table_words import cells_of, is_heading

_QUANTITY = re.compile(r"(\d{1,2})(?: ?[x×])? +(?=[^\W\d_]{3})|(\d{1,2}) ?[x×] ?(?=\w)", re.IGNORECASE)
_UNITS = "kg|g|mg|l|cl|ml|km|m|cm|mm|kcal|kj|kwh|h|min|pcs|%"
_FIGURE = re.compile(rf"(-?\d+(?:[.,]\d+)?) ?({_UNITS})?", re.IGNORECASE)
_LAST_AMOUNT = re.compile(r"(?P<name>.*[^\W\d].*?) +(?P<amount>\S{0,3}\d+[.,]\d{2}(?: ?\S{1,3})?)")
# Rows of a receipt or a bill that are no article of it.
_NO_ARTICLE = re.compile(
    r"\b(?:sub-?total|total|sum|net|gross|vat|tax|discount|rebate|cash|card|change|paid|to pay|due|balance|tip|fee"
    r"|rounding|deposit|credit|visa|mastercard|summe|gesamt|mwst)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Figure:
    """`unit` of money is a currency, or empty where none is written."""

    value: Decimal
    unit: str
    money: bool = False

    def worth(self, value: Decimal) -> Figure:
        """Another value in the same unit."""
        return Figure(value, self.unit, self.money)

    @property
    def spoken(self) -> str:
        """ "12.30 euros", "250 g"."""
        if self.money:
            return Amount(self.value, self.unit).spoken
        return f"{self.value.normalize():f} {self.unit}".strip()


@dataclass(frozen=True)
class Row:
    """`name` is the first cell without the quantity that stands before it, which is `count`."""

    name: str
    cells: tuple[str, ...]
    count: int = 1

    @property
    def words(self) -> list[str]:
        return _WORD.findall(plain(self.name))

    @property
    def is_article(self) -> bool:
        return not _NO_ARTICLE.search(self.name)


@dataclass(frozen=True)
class Sheet:
    """`heading` names the columns of the cells; empty where no row does. `lines` are those without cells."""

    rows: tuple[Row, ...]
    heading: tuple[str, ...]
    kind: str  # the heading of the names
    lines: tuple[str, ...]
    texts: tuple[str, ...]  # every line as it was read

    @cached_property
    def articles(self) -> list[Row]:
        """What is offered or was bought: rows with a figure, up to the total."""
        priced = [row for row in self.rows if any(figure(cell) is not None for cell in row.cells)]
        end = next((at for at, row in enumerate(priced) if not row.is_article and at), len(priced))
        return [row for row in priced[:end] if row.is_article]

    def columns(self, row: Row) -> list[int]:
        """Those of a row's cells that hold figures."""
        return [at for at, cell in enumerate(row.cells) if figure(cell) is not None]


def figure(cell: str) -> Figure | None:
    """The number that a cell consists of, with its unit; None for times, words and several numbers."""
    if amounts := amounts_in(cell):
        return Figure(amounts[0].value, amounts[0].currency, money=True) if len(amounts) == 1 else None
    found = _FIGURE.fullmatch(cell.strip())
    return Figure(Decimal(found[1].replace(",", ".")), found[2] or "") if found else None


def sheet_of(texts: Sequence[str]) -> Sheet:
    """The texts in view as one sheet."""
    rows: list[Row] = []
    lines: list[str] = []
    heading: list[str] = [""]
    every = [line for text in texts for line in text.split("\n")]
    every_cells = [_cells(line) for line in every]
    for at, cells in enumerate(every_cells):
        if len(cells) == 1:
            lines.append(cells[0])
        elif is_heading(cells, next(iter(every_cells[at + 1 : at + 2]), [])):
            heading = cells
        else:
            found = _QUANTITY.match(cells[0])
            count = int(found[1] or found[2]) if found and amounts_in(cells[-1]) else 1
            name = cells[0][found.end() :] if found and count > 1 else cells[0]
            rows.append(Row(name, tuple(cells[1:]), max(count, 1)))
    return Sheet(tuple(rows), tuple(heading[1:]), heading[0], tuple(lines), tuple(every))


def _cells(line: str) -> list[str]:
    """The cells of a line; those of "Name 1.20" are two."""
    if " | " in line or line.startswith("|"):
        return cells_of(line)
    priced = _LAST_AMOUNT.fullmatch(line)
    return [priced["name"], priced["amount"]] if priced and len(amounts_in(line)) == 1 else [line]
